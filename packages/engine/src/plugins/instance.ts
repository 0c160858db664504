import type { HookId, Isolation } from "@outrigger/plugin";
import type { HookAnswer, PluginDescription, RouteAnswer, RouteSide, Settings } from "@outrigger/sdk";
import type { InlineHandler, LiveCall, LiveRouteCall } from "../hooks/member.ts";

/** A plug-in's code that runs now: a process, a thread, or a module in the gateway. */
export interface Instance {
  readonly description: PluginDescription;
  readonly pid?: number;
  readonly call: (hook: HookId, call: LiveCall) => HookAnswer | Promise<HookAnswer>;
  /** Only of a module in the gateway. */
  readonly handler?: (hook: HookId) => InlineHandler;
  readonly route: (index: number, side: RouteSide, call: LiveRouteCall) => Promise<RouteAnswer>;
  /** Tells it its settings; calls under way go on with the old ones. */
  readonly configure: (settings: Settings) => Promise<void>;
  /** False where it does not answer at all any more. */
  readonly alive: () => Promise<boolean>;
  /** Resolves with the reason once it has ended, whyever. */
  readonly ended: Promise<string>;
  /** Ends it: first politely, then for good. Resolves once it is gone. */
  readonly stop: () => Promise<void>;
}

/** What is to be started, and as whom. */
export interface Launch {
  readonly name: string;
  /** The version's own copy; its modules and programs lie here. */
  readonly folder: string;
  readonly entry?: string;
  readonly command?: readonly string[];
  readonly isolation: Isolation;
  /** Bytes. */
  readonly memory: number;
  /** User and group id of its process; undefined: those of the gateway. */
  readonly user: number | undefined;
  /** Where its sockets are made. */
  readonly run: string;
  readonly settings: Settings;
  /** Milliseconds until it has to answer. */
  readonly patience: number;
  readonly log: (text: string) => void;
}

/** Starts a plug-in and resolves once it has described itself and knows its settings. Leaves nothing behind when it fails. */
export type Launcher = (launch: Launch, signal: AbortSignal) => Promise<Instance>;
