import type { ConfigValue } from "@outrigger/plugin";
import type { ContainerFacts, Door } from "./hook-inputs.ts";

/** Who sent a request. */
export interface Client {
  /** The listener, as `--listen` has it: `unix:///run/outrigger/docker.sock`. */
  readonly listener: string;
  /** The common name of the TLS certificate, else the listener's `user=`, else the name of the calling process's user (privilege `client-process`), else null. */
  readonly user: string | null;
  /** The calling process on a unix socket; only for plug-ins with the privilege `client-process`. */
  readonly process?: { readonly pid: number; readonly uid: number; readonly user: string | null };
}

/** What the gateway knows about a call: the same for every plug-in that handles it. Read only. */
export interface CallFacts {
  /** Names the request in traces: `outrigger engine explain ID`. */
  readonly requestId: string;
  readonly client: Client | null;
  /** Version of the API that the request speaks. */
  readonly apiVersion: string | null;
  /** At `container.preCreate`. */
  readonly door?: Door;
  /** At `container.preCreateEndpoint`. */
  readonly network?: string;
  /** At `volume.preCreate`: true where a container's or service's request makes the volume. */
  readonly implicit?: boolean;
  /** The container that an exec, commit, update or network connect is about. */
  readonly container?: ContainerFacts;
}

/** A plug-in's settings: values by item, by group. */
export type Settings = Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>;

/** The second argument of every handler. */
export interface HookContext extends CallFacts {
  readonly settings: Settings;
  /** Aborted when the time for this call is over. */
  readonly signal: AbortSignal;
  /** Shown to the client where the engine's answer has room for warnings (container create and update). */
  readonly warn: (message: string) => void;
  /** One line of the plug-in's log. */
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** Thrown by a handler to refuse a request. */
export interface Refusal {
  /** Why, for the person who asked. */
  readonly message: string;
  /** Stable, for programs: `privileged`. */
  readonly code?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** 400 to 499; 403 where absent. */
  readonly status?: number;
}
