import type { EnginePrivileges, FailPolicy, HookFilter, HookId, HookOrder } from "@outrigger/plugin";
import type {
  CallBehind,
  CallFacts,
  HookAnswer,
  RouteAnswer,
  RouteDescription,
  RouteRequest,
  RouteResponse,
  RouteSide,
} from "@outrigger/sdk";
import type { Breaker } from "./breaker.ts";

/** One call on its way to a plug-in. `signal` is made when it is first read. */
export interface LiveCall {
  readonly facts: CallFacts;
  readonly input: unknown;
  /** Milliseconds. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

export interface LiveRouteCall extends Omit<LiveCall, "input"> {
  readonly request: RouteRequest;
  readonly response?: RouteResponse;
}

/** Calls a hook's handler in the gateway itself; what it gives or throws is what the handler gives or throws. */
export type InlineHandler = (input: unknown, call: LiveCall & CallBehind) => unknown;

/** A plug-in that runs, however it is isolated. What it can't answer is thrown; the message is what people read. */
export interface Callee {
  readonly call: (hook: HookId, call: LiveCall) => HookAnswer | Promise<HookAnswer>;
  /** Where the plug-in runs in the gateway itself: saves the answer and the promise that `call` puts around what the handler gives. */
  readonly handler?: (hook: HookId) => InlineHandler;
  readonly route: (index: number, side: RouteSide, call: LiveRouteCall) => Promise<RouteAnswer>;
  /** Told when a call took too long: it may hang altogether. */
  readonly suspect: () => void;
  /** True where the plug-in shares the gateway's objects, so that they must not be changed in place. */
  readonly shares: boolean;
}

/** One hook of a plug-in, with what manifest, module and settings say of it. */
export interface MemberHook {
  readonly hook: HookId;
  readonly order: HookOrder | undefined;
  readonly filter: HookFilter;
  readonly failPolicy: FailPolicy;
  /** Milliseconds for one call. */
  readonly timeout: number;
}

/** A plug-in of one set. */
export interface Member {
  readonly name: string;
  readonly version: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly priority: number;
  readonly privileges: EnginePrivileges;
  readonly hooks: readonly MemberHook[];
  readonly routes: readonly RouteDescription[];
  readonly callee: Callee;
  readonly breaker: Breaker;
}
