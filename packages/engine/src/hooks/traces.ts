import type { HookId, HookName } from "@outrigger/plugin";
import type { CallFacts, FieldChange, Refusal } from "@outrigger/sdk";

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
