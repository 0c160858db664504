import {
  type ChangeHook,
  type CheckHook,
  type CollectHook,
  type HookName,
  hookNames,
  hookPoints,
  type NotifyHook,
  wordsOf,
} from "@outrigger/plugin";
import { type CallFacts, isObject, parseJson, type RecordedCall } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import type { Call, Dispatcher } from "./dispatcher.ts";
import { createTraceStore, type ShownCall } from "./trace-store.ts";
import type { TraceSink } from "./traces.ts";

/** What a recorded call came to: what each plug-in did, and either the final input or why it was refused. */
export interface Replayed {
  readonly hook: HookName;
  readonly calls: readonly ShownCall[];
  readonly output?: unknown;
  readonly refused?: string;
}

/** Reads a recorded call: `{ hook, facts, input }`. @throws recording-invalid */
export function readRecordedCall(text: string, file: string): RecordedCall & { readonly hook: HookName } {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw engineErrors["recording-invalid"]({ file, reason: "it is not JSON" }, { cause: error });
  }
  if (!isObject(value)) throw engineErrors["recording-invalid"]({ file, reason: "it is no object" });
  const { hook, facts = {}, input, settings: _, ...rest } = value;
  const strange = Object.keys(rest)[0];
  if (strange !== undefined) throw engineErrors["recording-invalid"]({ file, reason: `there is no key ${JSON.stringify(strange)}` });
  if (!hookNames.includes(hook as HookName) || hook === "api.routes")
    throw engineErrors["recording-invalid"]({ file, reason: `${JSON.stringify(hook)} is no hook point with an input` });
  if (!isObject(facts)) throw engineErrors["recording-invalid"]({ file, reason: "its facts are no object" });
  if (!isObject(input)) throw engineErrors["recording-invalid"]({ file, reason: "its input is no object" });
  const known: CallFacts = { requestId: "replay", client: null, apiVersion: null, ...facts };
  return { hook: hook as HookName, facts: known, input };
}

/**
 * Plays a recorded call through the plug-ins of a dispatcher. Nothing reaches an engine.
 * @param open gives the dispatcher for a sink of traces
 */
export async function replayCall(
  recorded: RecordedCall & { readonly hook: HookName },
  open: (traces: TraceSink) => Promise<Dispatcher>,
): Promise<Replayed> {
  const traces = createTraceStore();
  const dispatcher = await open(traces);
  const { client, ...facts } = recorded.facts;
  const call: Call = { ...facts, client: client === null ? null : async () => client, signal: new AbortController().signal };
  const calls = (): readonly ShownCall[] => traces.get(recorded.facts.requestId)?.calls ?? [];
  try {
    const output = await play(dispatcher, recorded, call);
    return { hook: recorded.hook, calls: calls(), output };
  } catch (error) {
    return { hook: recorded.hook, calls: calls(), refused: wordsOf(error) };
  }
}

async function play(dispatcher: Dispatcher, { hook, input }: RecordedCall & { readonly hook: HookName }, call: Call): Promise<unknown> {
  const { kind } = hookPoints[hook];
  if (kind === "change") return (await dispatcher.change(hook as ChangeHook, input as never, call)).input;
  if (kind === "collect") return dispatcher.collect(hook as CollectHook, input as never, call);
  if (kind === "notify") return dispatcher.notify(hook as NotifyHook, input as never, call);
  return dispatcher.check(hook as CheckHook, input as never, call);
}
