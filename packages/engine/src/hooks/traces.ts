import type { HookId, HookName } from "@outrigger/plugin";
import { type CallFacts, diffFields, type FieldChange, type Refusal } from "@outrigger/sdk";
import type { Place } from "./places.ts";
import type { Turn } from "./turn.ts";

export type Decision = "unchanged" | "changed" | "refused" | "failed";

/** What one plug-in did at one hook of a request. */
export interface CallTrace {
  readonly plugin: string;
  readonly version: string;
  /** A hook's id, or `api.routes METHOD PATH`. */
  readonly hook: HookId | `api.routes ${string}`;
  readonly milliseconds: number;
  readonly decision: Decision;
  /** What it changed, when it changed something. */
  readonly changes: readonly FieldChange[];
  readonly refusal?: Refusal;
  /** Why it failed. */
  readonly failure?: string;
  readonly warnings: readonly string[];
}

/** Told by the dispatcher of what happens; everything is taken as it is and must not be changed. */
export interface TraceSink {
  /** Plug-ins are about to be called with this input. */
  readonly input: (requestId: string, hook: HookName, facts: CallFacts, input: unknown) => void;
  readonly call: (requestId: string, trace: CallTrace) => void;
}

/** What a plug-in changed: told, or to be found out when somebody reads the trace. */
export type Changes = readonly FieldChange[] | LateChanges;

export interface LateChanges {
  readonly before: unknown;
  readonly after: unknown;
}

/** The trace of a call that went well. */
export function traceOf({ step, started }: Turn, warnings: readonly string[], changes: Changes): CallTrace {
  return new LateTrace(step.place, performance.now() - started, warnings, changes);
}

class LateTrace implements CallTrace {
  readonly plugin: string;
  readonly version: string;
  readonly hook: HookId;
  readonly milliseconds: number;
  readonly warnings: readonly string[];
  #changes: Changes;

  constructor({ member, hook }: Place, milliseconds: number, warnings: readonly string[], changes: Changes) {
    this.plugin = member.name;
    this.version = member.version;
    this.hook = hook;
    this.milliseconds = milliseconds;
    this.warnings = warnings;
    this.#changes = changes;
  }

  get changes(): readonly FieldChange[] {
    const found = "after" in this.#changes ? diffFields(this.#changes.before, this.#changes.after) : this.#changes;
    this.#changes = found;
    return found;
  }

  get decision(): Decision {
    return this.changes.length === 0 ? "unchanged" : "changed";
  }
}
