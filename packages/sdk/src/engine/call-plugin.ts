import { type HookId, hookOf, hookPoints } from "@outrigger/plugin";
import { sdkErrors } from "../errors.ts";
import { type EnginePlugin, isRefusal } from "./engine-plugin.ts";
import type { CallFacts, HookContext, Settings } from "./hook-context.ts";
import type { HookAnswer } from "./protocol.ts";

/** One call of a hook as traces keep it, the test kit reads it and `outrigger engine replay` plays it. */
export interface RecordedCall {
  readonly hook: HookId;
  readonly facts: CallFacts;
  readonly input: unknown;
  /** Absent: none. */
  readonly settings?: Settings;
}

/** A {@link RecordedCall} with what only a living call has. */
export interface PluginCall extends RecordedCall {
  /** Aborted when the time for the call is over. Absent: never. */
  readonly signal?: AbortSignal;
  /** Where the plug-in's log lines go. Absent: nowhere. */
  readonly log?: HookContext["log"];
}

type Handler = (input: unknown, context: HookContext) => unknown;

/**
 * Calls one hook of a plug-in in this very process and gives what the protocol would answer.
 * A refusal is an answer; whatever else the handler throws is thrown on.
 * @throws hook-unhandled, handler-answer-invalid
 */
export async function callPlugin(plugin: EnginePlugin, call: PluginCall): Promise<HookAnswer> {
  return startCall(plugin, call);
}

/** A call whose signal is made when it is read; what the gateway and a worker add to a living call. */
export class LazyCall implements PluginCall {
  readonly hook: HookId;
  readonly settings: Settings;
  readonly log: HookContext["log"];
  readonly #live: Pick<PluginCall, "facts" | "input"> & { readonly signal: AbortSignal };

  constructor(
    hook: HookId,
    live: Pick<PluginCall, "facts" | "input"> & { readonly signal: AbortSignal },
    settings: Settings,
    log: HookContext["log"],
  ) {
    this.hook = hook;
    this.settings = settings;
    this.log = log;
    this.#live = live;
  }

  get facts(): CallFacts {
    return this.#live.facts;
  }

  get input(): unknown {
    return this.#live.input;
  }

  get signal(): AbortSignal {
    return this.#live.signal;
  }
}

/** Like {@link callPlugin}, without a promise where the handler makes none: the gateway saves the time of waiting. */
export function startCall(plugin: EnginePlugin, call: PluginCall): HookAnswer | Promise<HookAnswer> {
  const handler = handlerOf(plugin, call.hook);
  if (handler === undefined) throw sdkErrors["hook-unhandled"]({ plugin: plugin.name, hook: call.hook });
  const warnings: string[] = [];
  const failed = (error: unknown): HookAnswer => {
    if (isRefusal(error)) return withWarnings({ refuse: error.refusal }, warnings);
    throw error;
  };
  try {
    const result = handler(call.input, contextOf(call, warnings));
    if (!(result instanceof Promise)) return answerOf(plugin, call, result, warnings);
    return result.then((value) => answerOf(plugin, call, value, warnings), failed);
  } catch (error) {
    return failed(error);
  }
}

/** The function that handles a hook or its validation; undefined where there is none. */
export function handlerOf(plugin: EnginePlugin, id: HookId): Handler | undefined {
  const hook: unknown = plugin.hooks[hookOf(id)];
  const validates = id.endsWith("/validate");
  if (typeof hook === "function") return validates ? undefined : (hook as Handler);
  if (typeof hook !== "object" || hook === null) return undefined;
  const member: unknown = (hook as Readonly<Record<string, unknown>>)[validates ? "validate" : "handler"];
  // Called through the object, so that a handler written as a method has its `this`.
  return typeof member === "function" ? (input, context) => Reflect.apply(member, hook, [input, context]) : undefined;
}

/** The second argument of a handler. `warnings` grows as the handler warns. */
export function contextOf(call: Omit<PluginCall, "hook" | "input">, warnings: string[]): HookContext {
  return new CallContext(call, warnings) as unknown as HookContext;
}

/** A class, so that the signal is made only for handlers that read it, and making one costs little. */
class CallContext {
  readonly settings: Settings;
  readonly log: HookContext["log"];
  readonly warn: HookContext["warn"];
  readonly #call: Omit<PluginCall, "hook" | "input">;

  constructor(call: Omit<PluginCall, "hook" | "input">, warnings: string[]) {
    Object.assign(this, call.facts);
    this.settings = call.settings ?? {};
    this.log = call.log ?? ignore;
    this.warn = (message) => void warnings.push(String(message));
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal ?? never;
  }
}

const ignore = (): void => {};
const never: AbortSignal = new AbortController().signal;

function answerOf(plugin: EnginePlugin, { hook, input }: PluginCall, result: unknown, warnings: readonly string[]): HookAnswer {
  if (result === undefined) return withWarnings({}, warnings);
  const { kind } = hookPoints[hookOf(hook)];
  const expected = kind === "change" && !hook.endsWith("/validate") ? "the changed input" : kind === "collect" ? "a result" : "nothing";
  if (expected === "nothing" || typeof result !== "object" || result === null || Array.isArray(result)) {
    throw sdkErrors["handler-answer-invalid"]({ plugin: plugin.name, hook, found: wordFor(result), expected });
  }
  if (kind === "collect") return withWarnings({ result }, warnings);
  return withWarnings(result === input ? {} : { input: result }, warnings);
}

function withWarnings(answer: HookAnswer, warnings: readonly string[]): HookAnswer {
  return warnings.length === 0 ? answer : { ...answer, warnings };
}

function wordFor(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
