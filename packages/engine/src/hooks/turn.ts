import { isOutriggerError, OutriggerError } from "@outrigger/plugin";
import type { CallFacts, FieldChange, HookAnswer, Refusal } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import { checkAnswer, fault } from "./answers.ts";
import { TimedCall } from "./deadline.ts";
import type { Call } from "./dispatcher.ts";
import { type Place, visibleFacts } from "./places.ts";
import type { CallTrace, TraceSink } from "./traces.ts";

/** One dispatch: what all plug-ins of it share. */
export interface Round {
  readonly call: Call;
  readonly facts: CallFacts;
  readonly warnings: string[];
  readonly traces: TraceSink | undefined;
}

/** What a plug-in's answer comes to, once it is read. */
export interface Outcome<Result> {
  readonly result: Result;
  readonly changes: readonly FieldChange[];
}

/**
 * Calls one plug-in within its time, reads its answer and keeps what happened as a trace.
 * @param read makes a result of the answer; what it throws is a failure of the plug-in
 * @returns undefined where the plug-in failed and its policy is `open`
 * @throws plugin-refused, plugin-failed, client-gone
 */
export async function turn<Result>(
  place: Place,
  input: unknown,
  round: Round,
  read: (answer: HookAnswer, seen: unknown) => Outcome<Result>,
): Promise<Result | undefined> {
  const { member, hook } = place;
  const started = performance.now();
  let live: TimedCall | undefined;
  let answer: HookAnswer;
  let outcome: Outcome<Result> | undefined;
  try {
    if (!member.breaker.allows()) throw fault(`it is not asked for now, since it failed ${member.breaker.failures()} times in a row`);
    const seen = place.see(input);
    live = new TimedCall(visibleFacts(place, round.facts), seen, place.timeout, round.call.signal);
    const pending = member.callee.call(hook, live);
    const given = pending instanceof Promise ? await live.within(pending) : pending;
    answer = member.callee.shares && given.refuse === undefined ? given : checkAnswer(hook, given);
    if (answer.refuse === undefined) outcome = read(answer, seen);
    member.breaker.succeeded();
  } catch (error) {
    if (round.call.signal.aborted) throw engineErrors["client-gone"]({}, { cause: error });
    member.breaker.failed();
    if (live?.passed === true) member.callee.suspect();
    const failure = reasonOf(error);
    keep(round, place, started, { decision: "failed", failure });
    if (place.failPolicy === "open") return undefined;
    throw engineErrors["plugin-failed"]({ plugin: member.name, hook, reason: failure }, { cause: error });
  }
  for (const warning of answer.warnings ?? []) round.warnings.push(`${member.name}: ${warning}`);
  const noted = answer.warnings === undefined ? {} : { warnings: answer.warnings };
  if (answer.refuse !== undefined) {
    keep(round, place, started, { decision: "refused", refusal: answer.refuse, ...noted });
    throw refused(member.name, answer.refuse, round.facts.requestId);
  }
  const changes = outcome?.changes ?? [];
  keep(round, place, started, { decision: changes.length === 0 ? "unchanged" : "changed", changes, ...noted });
  return outcome?.result;
}

/** The error for a refusal: its words and its status, and where to learn more. */
export function refused(plugin: string, { message, code, hint, status }: Refusal, requestId: string): OutriggerError {
  const mend = `${hint === undefined ? "" : `${hint} `}\`outrigger engine explain ${requestId}\` says more.`;
  const error = engineErrors["plugin-refused"]({ plugin, reason: code === undefined ? message : `${message} (${code})`, hint: mend });
  return new OutriggerError(error.code, status ?? error.status, error.message, error.hint);
}

/** The words of an error, on one line and not too many. */
export function reasonOf(error: unknown): string {
  const text = isOutriggerError(error) || error instanceof Error ? error.message : String(error);
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

type Kept = Pick<CallTrace, "decision"> & Partial<Pick<CallTrace, "changes" | "refusal" | "failure" | "warnings">>;

function keep({ traces, facts }: Round, { member, hook }: Place, started: number, kept: Kept): void {
  if (traces === undefined) return;
  const { name: plugin, version } = member;
  traces.call(facts.requestId, { plugin, version, hook, milliseconds: performance.now() - started, changes: [], warnings: [], ...kept });
}
