import { type HookId, hookOf, hookPoints } from "@outrigger/plugin";
import { sdkErrors } from "../errors.ts";
import { CallContext } from "./call-context.ts";
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

export type Handler = (input: unknown, context: HookContext) => unknown;

/**
 * Calls one hook of a plug-in in this very process and gives what the protocol would answer.
 * A refusal is an answer; whatever else the handler throws is thrown on.
 * @throws hook-unhandled, handler-answer-invalid
 */
export async function callPlugin(plugin: EnginePlugin, call: PluginCall): Promise<HookAnswer> {
  const { hook, input } = call;
  const handler = requiredHandler(plugin, hook);
  const warnings: string[] = [];
  try {
    const result = await handler(input, contextOf(call, warnings));
    return withWarnings(answersOf(plugin.name, hook)(input, result), warnings);
  } catch (error) {
    if (isRefusal(error)) return withWarnings({ refuse: error.refusal }, warnings);
    throw error;
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

/** @throws hook-unhandled */
export function requiredHandler(plugin: EnginePlugin, hook: HookId): Handler {
  const handler = handlerOf(plugin, hook);
  if (handler === undefined) throw sdkErrors["hook-unhandled"]({ plugin: plugin.name, hook });
  return handler;
}

/** The second argument of a handler. `warnings` grows as the handler warns. */
export function contextOf(call: Omit<PluginCall, "hook" | "input">, warnings: string[]): HookContext {
  return new CallContext(call.facts, call.settings ?? {}, call.log ?? ignore, {
    get signal() {
      return call.signal ?? never;
    },
    warn: (message) => void warnings.push(message),
  });
}

const ignore = (): void => {};
const never: AbortSignal = new AbortController().signal;

/**
 * Makes ready what the protocol would answer for what a handler of a hook gives; the answers have no warnings.
 * What is made ready throws handler-answer-invalid.
 */
export function answersOf(plugin: string, hook: HookId): (input: unknown, given: unknown) => HookAnswer {
  const { kind } = hookPoints[hookOf(hook)];
  const expected = kind === "change" && !hook.endsWith("/validate") ? "the changed input" : kind === "collect" ? "a result" : "nothing";
  return (input, given) => {
    if (given === undefined) return {};
    if (expected === "nothing" || typeof given !== "object" || given === null || Array.isArray(given)) {
      throw sdkErrors["handler-answer-invalid"]({ plugin, hook, found: wordFor(given), expected });
    }
    if (kind === "collect") return { result: given };
    return given === input ? {} : { input: given };
  };
}

function withWarnings(answer: HookAnswer, warnings: readonly string[]): HookAnswer {
  return warnings.length === 0 ? answer : { ...answer, warnings };
}

function wordFor(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
