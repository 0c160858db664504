import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HookName } from "@outrigger/plugin";
import { type CallFacts, type Client, type FieldChange, stringifyJson } from "@outrigger/sdk";
import { openLogFile } from "../plugins/log-file.ts";
import { redact } from "./redact.ts";
import type { CallTrace, TraceSink } from "./traces.ts";

/** One operation of a JSON patch (RFC 6902); `before` is what stood there. */
export interface TraceChange {
  readonly op: FieldChange["op"];
  readonly path: string;
  readonly before?: unknown;
  readonly value?: unknown;
}

/** One call of a plug-in as it is shown; values of variables and secrets are hidden. */
export interface ShownCall extends Omit<CallTrace, "changes"> {
  readonly changes: readonly TraceChange[];
}

/** One request that plug-ins saw. */
export interface RequestTrace {
  readonly id: string;
  readonly time: string;
  readonly method: string | null;
  /** Path and query; values of the query that hold secrets are hidden. */
  readonly target: string | null;
  readonly client: Client | null;
  /** What the hook points were given, before any plug-in. */
  readonly inputs: readonly { readonly hook: HookName; readonly facts: unknown; readonly input: unknown }[];
  readonly calls: readonly ShownCall[];
  /** Of the answer; null while it is under way and where there is none. */
  readonly status: number | null;
}

export interface TraceOptions {
  /** Bytes that traces take in memory at most; the oldest go first. */
  readonly bytes?: number;
  /** Every finished trace is added to this file, a line each. */
  readonly file?: string;
  /** Calls are recorded here whole, with their secrets, for `outrigger engine replay`. */
  readonly record?: string;
}

export interface TraceStore extends TraceSink {
  /** Tells of a request before plug-ins are called. Optional: what is called without it is kept without method and target. */
  readonly begin: (request: { readonly id: string; readonly method: string; readonly target: string }) => void;
  /** Tells that the answer has its head. Traces without a call of a plug-in are dropped here. */
  readonly end: (id: string, status: number | null) => void;
  readonly list: () => readonly RequestTrace[];
  readonly get: (id: string) => RequestTrace | undefined;
  /** Told of every finished trace; gives what ends it. */
  readonly follow: (listener: (trace: RequestTrace) => void) => () => void;
}

interface Draft {
  readonly id: string;
  readonly time: string;
  readonly method: string | null;
  readonly target: string | null;
  client: Client | null;
  readonly inputs: { readonly hook: HookName; readonly facts: CallFacts; readonly input: unknown }[];
  readonly calls: CallTrace[];
}

/** Keeps what plug-ins did to the last requests. */
export function createTraceStore({ bytes = 8 * 1024 * 1024, file, record }: TraceOptions = {}): TraceStore {
  const drafts = new Map<string, Draft>();
  const kept = new Map<string, { readonly text: string; readonly size: number }>();
  const listeners = new Set<(trace: RequestTrace) => void>();
  const log = file === undefined ? undefined : openLogFile(file, 16 * 1024 * 1024);
  let size = 0;
  if (record !== undefined) mkdirSync(record, { recursive: true, mode: 0o700 });

  const draftOf = (id: string): Draft => {
    const draft = drafts.get(id) ?? { id, time: new Date().toISOString(), method: null, target: null, client: null, inputs: [], calls: [] };
    drafts.set(id, draft);
    // Requests that nobody ends (hooks outside of requests) are ended by those after them.
    if (drafts.size > 4096) end(drafts.keys().next().value ?? id, null);
    return draft;
  };
  const drop = (id: string): void => {
    size -= kept.get(id)?.size ?? 0;
    kept.delete(id);
  };
  const end = (id: string, status: number | null): void => {
    const draft = drafts.get(id);
    drafts.delete(id);
    if (draft === undefined || draft.calls.length === 0) return;
    const trace = shown(draft, status);
    const text = stringifyJson(trace);
    drop(id);
    kept.set(id, { text, size: text.length });
    size += text.length;
    for (const oldest of kept.keys()) {
      if (size <= bytes) break;
      drop(oldest);
    }
    log?.write(`${text}\n`);
    for (const listener of listeners) listener(trace);
  };
  const read = (text: string): RequestTrace => JSON.parse(text) as RequestTrace;
  return {
    begin: ({ id, method, target }) =>
      void drafts.set(id, { id, time: new Date().toISOString(), method, target: hideQuery(target), client: null, inputs: [], calls: [] }),
    input: (id, hook, facts, input) => {
      const draft = draftOf(id);
      draft.client = facts.client;
      draft.inputs.push({ hook, facts, input });
      if (record !== undefined) recordCall(record, hook, facts, input);
    },
    call: (id, trace) => void draftOf(id).calls.push(trace),
    end,
    list: () => [...kept.values()].map(({ text }) => read(text)),
    get: (id) => {
      const draft = drafts.get(id);
      if (draft !== undefined) return read(stringifyJson(shown(draft, null)));
      const found = kept.get(id);
      return found === undefined ? undefined : read(found.text);
    },
    follow: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function shown({ id, time, method, target, client, inputs, calls }: Draft, status: number | null): RequestTrace {
  // Checks that let a request pass come with every request; their input is its method and path.
  const worth = inputs.filter(({ hook }) => hook !== "api.request" || calls.some((call) => call.decision !== "unchanged"));
  return {
    id,
    time,
    method,
    target,
    client:
      client === null
        ? null
        : { listener: client.listener, user: client.user, ...(client.process === undefined ? {} : { process: client.process }) },
    inputs: worth.map(({ hook, facts, input }) => ({ hook, facts: redact(facts), input: redact(input) })),
    calls: calls.map(shownCall),
    status,
  };
}

function shownCall({ plugin, version, hook, milliseconds, decision, changes, refusal, failure, warnings }: CallTrace): ShownCall {
  return {
    plugin,
    version,
    hook,
    milliseconds: Math.round(milliseconds * 1000) / 1000,
    decision,
    changes: changes.map(shownChange),
    ...(refusal === undefined ? {} : { refusal }),
    ...(failure === undefined ? {} : { failure }),
    warnings,
  };
}

/** A change as an operation of a JSON patch, its path a JSON pointer (RFC 6901). */
export function shownChange({ op, way, before, after }: FieldChange): TraceChange {
  const path = way.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  const key = way.at(-1) ?? "";
  return { op, path, ...(op === "add" ? {} : { before: redact(before, key) }), ...(op === "remove" ? {} : { value: redact(after, key) }) };
}

function hideQuery(target: string): string {
  return target.replaceAll(/([?&][^=&]*(?:passw|secret|token|auth|buildargs)[^=&]*=)[^&]*/gi, "$1(hidden)");
}

function recordCall(folder: string, hook: HookName, facts: CallFacts, input: unknown): void {
  const name = `${new Date().toISOString().replaceAll(":", "")}-${hook}-${randomBytes(3).toString("hex")}.json`;
  writeFileSync(join(folder, name), `${stringifyJson({ hook, facts, input })}\n`, { mode: 0o600, flag: "wx" });
}
