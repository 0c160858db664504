import type { ChangeHook, CheckHook, CollectHook, HookName, NotifyHook } from "@outrigger/plugin";
import type {
  CallFacts,
  ChangeInputs,
  CheckInputs,
  Client,
  CollectInputs,
  CollectResults,
  NotifyInputs,
  RouteDescription,
  RouteRequest,
  RouteResponse,
} from "@outrigger/sdk";

/** What a call is about, as the gateway knows it; each plug-in is shown what it has the privilege for. */
export interface Call extends Omit<CallFacts, "client"> {
  /** With the calling process only where a plug-in may know it. */
  readonly client: ((withProcess: boolean) => Promise<Client>) | null;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** An input after every plug-in had its turn. */
export interface Changed<Input> {
  readonly input: Input;
  /** Plug-ins that changed something, in their order. Empty: `input` is the very object that was given. */
  readonly changedBy: readonly string[];
  /** Shown to the client, each with its plug-in's name before it. */
  readonly warnings: readonly string[];
}

/** A result with the plug-in that gave it. */
export interface Collected<Result> {
  readonly plugin: string;
  readonly result: Result;
}

/** A plug-in that failed where failing does not refuse. */
export interface NotifyFailure {
  readonly plugin: string;
  readonly message: string;
}

/** A route that a plug-in brings; see the SDK's RouteHandler. */
export interface PluginRoute extends RouteDescription {
  readonly plugin: string;
  readonly handle: (request: RouteRequest, call: Call) => Promise<RouteResponse>;
  readonly request: (request: RouteRequest, call: Call) => Promise<RouteRequest | { readonly respond: RouteResponse }>;
  readonly response: (request: RouteRequest, response: RouteResponse, call: Call) => Promise<RouteResponse>;
}

/**
 * Calls the plug-ins of one set at the hook points, in their order, within their time, and keeps their failures apart.
 * A refusal is thrown as `plugin-refused` (its own status, else 403), a failure whose policy is `closed` as `plugin-failed` (503); both name the plug-in.
 */
export interface Dispatcher {
  /** True where some plug-in would be called; quick, for the way of requests that nobody cares about. */
  readonly wants: (hook: HookName, facts?: Pick<CallFacts, "door">) => boolean;
  readonly change: <Name extends ChangeHook>(hook: Name, input: ChangeInputs[Name], call: Call) => Promise<Changed<ChangeInputs[Name]>>;
  readonly check: <Name extends CheckHook>(hook: Name, input: CheckInputs[Name], call: Call) => Promise<void>;
  readonly collect: <Name extends CollectHook>(
    hook: Name,
    input: CollectInputs[Name],
    call: Call,
  ) => Promise<readonly Collected<CollectResults[Name]>[]>;
  /** Every plug-in is told, whatever became of the others. */
  readonly notify: <Name extends NotifyHook>(hook: Name, input: NotifyInputs[Name], call: Call) => Promise<readonly NotifyFailure[]>;
  /** In the order in which they are to be tried. */
  readonly routes: readonly PluginRoute[];
}

/** A set of plug-ins that stays as it is while a request uses it. */
export interface Lease {
  readonly dispatcher: Dispatcher;
  readonly release: () => void;
}

/** The plug-ins that are on now. A new set replaces the old one at once; the old one goes when its last lease is released. */
export interface PluginSource {
  readonly lease: () => Lease;
  /** The dispatcher that a lease would give now, for questions only (`wants`, `routes`). */
  readonly current: () => Dispatcher;
}
