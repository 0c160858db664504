import type { HookContext } from "./hook-context.ts";

/** A request as a route of a plug-in sees it. Header names are in lower case; credentials are left out. */
export interface RouteRequest {
  readonly method: string;
  /** Canonical and without the version. */
  readonly path: string;
  readonly version: string | null;
  /** What the pattern's `{name}` parts matched, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: Readonly<Record<string, string>>;
  /** Present for JSON bodies within the size limit. */
  readonly body?: unknown;
}

export interface RouteResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a string. */
  readonly body?: unknown;
}

interface RoutePattern {
  /** In capitals, or `*`. */
  readonly method: string;
  /** Without the version: `/containers/{id}/start`; `{name:path}` also matches slashes, `*` at the end matches the rest. */
  readonly path: string;
  /** Where it answers: with a version in the path, without, or both. Absent: both. */
  readonly versions?: "both" | "versioned" | "unversioned";
}

type Later<Value> = Value | Promise<Value>;

/** One change to the gateway's HTTP handlers. The first that matches in the plug-ins' order wins; wrappers nest in that order. */
export type RouteHandler = RoutePattern &
  (
    | { readonly action: "remove" }
    /** Adds a route, or replaces the engine's. */
    | { readonly action: "handle"; readonly handle: (request: RouteRequest, context: HookContext) => Later<RouteResponse> }
    | {
        readonly action: "wrap";
        /** May change path's query, headers and body, answer itself, or refuse. */
        readonly request?: (
          request: RouteRequest,
          context: HookContext,
        ) => Later<RouteRequest | { readonly respond: RouteResponse } | undefined>;
        /** May change the engine's answer. Only JSON answers within the size limit; streams pass by. */
        readonly response?: (request: RouteRequest, response: RouteResponse, context: HookContext) => Later<RouteResponse | undefined>;
      }
  );
