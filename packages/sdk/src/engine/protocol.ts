import type { HookFilter, HookId, HookOrder } from "@outrigger/plugin";
import type { CallFacts, Refusal } from "./hook-context.ts";

/**
 * The protocol between the gateway and a plug-in in its own process: HTTP/1.1 with JSON bodies over the unix socket named by OUTRIGGER_SOCKET.
 *
 * `GET /v1/plugin` -> {@link PluginDescription}, asked once it listens.
 * `POST /v1/settings` `Settings` -> 204, before the first hook and when they change.
 * `POST /v1/hooks/HOOK` {@link HookCall} -> {@link HookAnswer}, where HOOK is a hook's id, e.g. `container.preCreate` or `container.preCreate/validate`.
 * `POST /v1/routes/INDEX/handle|request|response` {@link RouteCall} -> {@link RouteAnswer}.
 *
 * Any other status than 200 or 204 is a failure of the plug-in, not a refusal.
 */

/** Variables that a plug-in's process is started with, beside PATH, HOME and LANG. */
export const protocolVariables = {
  /** The unix socket to listen on. */
  socket: "OUTRIGGER_SOCKET",
  /** The plug-in's own folder, where its files are; also its working directory. */
  folder: "OUTRIGGER_PLUGIN_DIR",
} as const;

/** What a plug-in says of itself. Hooks that its manifest does not name are refused. */
export interface PluginDescription {
  readonly name: string;
  /** Absent: those of the manifest, without order or filter. */
  readonly hooks?: readonly { readonly hook: HookId; readonly order?: HookOrder; readonly filter?: HookFilter }[];
  /** With the hook `api.routes`; answers are asked for by index. */
  readonly routes?: readonly RouteDescription[];
}

export interface RouteDescription {
  readonly method: string;
  readonly path: string;
  readonly versions?: "both" | "versioned" | "unversioned";
  readonly action: "remove" | "handle" | "wrap";
  /** For `wrap`: which sides it wants. Absent: both. */
  readonly wraps?: readonly ("request" | "response")[];
}

export interface HookCall {
  readonly facts: CallFacts;
  /** Milliseconds left for this call. */
  readonly deadline: number;
  readonly input: unknown;
}

/** Exactly one of `input`, `change`, `result` and `refuse`, or none where nothing changes. */
export interface HookAnswer {
  /** The whole changed input. */
  readonly input?: unknown;
  /** A JSON merge patch on the input (RFC 7396). */
  readonly change?: unknown;
  /** At hook points that collect: helpers or OCI hooks. */
  readonly result?: unknown;
  readonly refuse?: Refusal;
  readonly warnings?: readonly string[];
}

export interface RouteCall {
  readonly facts: CallFacts;
  readonly deadline: number;
  /** RouteRequest */
  readonly request: unknown;
  /** RouteResponse, for `response` */
  readonly response?: unknown;
}

export interface RouteAnswer {
  readonly request?: unknown;
  readonly response?: unknown;
  readonly refuse?: Refusal;
  readonly warnings?: readonly string[];
}
