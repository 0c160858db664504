import type { HookName, OutriggerError } from "@outrigger/plugin";
import { type CallFacts, type Client, isRefusal } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import { checkAnswer, fault } from "./answers.ts";
import { startWaiting, stopWaiting, type Waiting } from "./clock.ts";
import { late } from "./deadline.ts";
import type { Call, NotifyFailure } from "./dispatcher.ts";
import { reasonOf, refused } from "./failures.ts";
import { factsOf, type Place } from "./places.ts";
import type { Step } from "./steps.ts";
import { type CallTrace, type Changes, type TraceSink, traceOf } from "./traces.ts";
import { Turn } from "./turn.ts";

/** What is done at a hook point, made ready when the set of plug-ins is loaded. */
export interface Plan<Result> {
  readonly hook: HookName;
  readonly steps: readonly Step[];
  /** What comes of a round in which nobody refused. */
  readonly result: (round: Gathering) => Result;
  /** True: failures and refusals are gathered and end nothing. */
  readonly tolerant: boolean;
}

/** A round as its plug-ins' steps see it. */
export interface Gathering {
  /** As the plug-ins so far have made it. */
  readonly input: unknown;
  /** What the plug-ins so far have given, for the plan's result: of those that change, their names. */
  readonly gathered: unknown[];
  readonly warnings: readonly string[];
  readonly traces: TraceSink | undefined;
  /** What the gateway knows of the call, with the client's process. */
  readonly facts: CallFacts;
  readonly change: (place: Place, input: unknown) => void;
}

/**
 * One dispatch: the plug-ins of a hook point, one after another.
 * It awaits the plug-ins' own promises, since a race with a timer for each costs more than most handlers. When the time of a turn is over,
 * the clock ends the turn and goes on from there; the loop that still awaits it finds that its turn has passed, and does nothing.
 */
export class Round<Result> implements Waiting, Gathering {
  place = -1;
  input: unknown;
  readonly warnings: string[] = [];
  readonly gathered: unknown[] = [];
  readonly traces: TraceSink | undefined;
  readonly #plan: Plan<Result>;
  readonly #call: Call;
  #facts: CallFacts | undefined;
  #client: Client | null = null;
  #at = 0;
  #turn: Turn | undefined;
  /** When the clock saw this turn first. */
  #since: number | undefined;
  #resolve!: (result: Result) => void;
  #reject!: (error: unknown) => void;

  constructor(plan: Plan<Result>, input: unknown, call: Call, traces: TraceSink | undefined) {
    this.#plan = plan;
    this.input = input;
    this.#call = call;
    this.traces = traces;
  }

  get facts(): CallFacts {
    this.#facts ??= factsOf(this.#call, this.#client);
    return this.#facts;
  }

  /** @throws plugin-refused, plugin-failed, client-gone */
  run(client: Client | null): Promise<Result> {
    this.#client = client;
    this.traces?.input(this.#call.requestId, this.#plan.hook, this.facts, this.input);
    return new Promise<Result>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      void this.#goOn();
    });
  }

  change({ member }: Place, input: unknown): void {
    this.input = input;
    this.gathered.push(member.name);
  }

  look(now: number): void {
    const turn = this.#turn;
    this.#since ??= now;
    if (turn === undefined || (!this.#call.signal.aborted && now - this.#since < turn.step.place.timeout)) return;
    const passed = !this.#call.signal.aborted;
    const reason = passed ? late(turn.step.place.timeout) : engineErrors["client-gone"]({});
    this.#turn = undefined;
    turn.end(reason);
    if (passed) turn.step.place.member.callee.suspect();
    try {
      this.#failed(turn, reason);
      this.#at += 1;
      void this.#goOn();
    } catch (error) {
      this.#stop(error);
    }
  }

  async #goOn(): Promise<void> {
    const { steps, result } = this.#plan;
    try {
      for (; this.#at < steps.length; this.#at += 1) {
        const step = steps[this.#at];
        if (step === undefined || !isCalled(step, this.input, this.#call)) continue;
        const { breaker } = step.place.member;
        const turn = new Turn(step, this);
        this.#turn = turn;
        let changes: Changes;
        try {
          if (!breaker.allows()) throw fault(`it is not asked for now, since it failed ${breaker.failures()} times in a row`);
          turn.see(this.input);
          let given = step.ask(turn);
          if (given instanceof Promise) {
            this.#since = undefined;
            startWaiting(this);
            given = await given;
            if (turn !== this.#turn) return;
          }
          changes = step.take(this, turn, given);
          breaker.succeeded();
        } catch (error) {
          if (turn !== this.#turn) return;
          this.#threw(turn, error);
          continue;
        }
        this.#took(turn, changes);
      }
      stopWaiting(this);
      this.#resolve(result(this));
    } catch (error) {
      this.#stop(error);
    }
  }

  #took(turn: Turn, changes: Changes): void {
    const { warnings = none, refusal, step } = turn;
    for (const warning of warnings) this.warnings.push(`${step.place.member.name}: ${warning}`);
    if (refusal === undefined) {
      this.traces?.call(this.#call.requestId, traceOf(turn, warnings, changes));
      return;
    }
    this.#keep(turn, { decision: "refused", refusal, warnings });
    this.#end(turn, refused(step.place.member.name, refusal, this.#call.requestId));
  }

  /** What a handler in the gateway itself throws can be a refusal; all else is a failure. */
  #threw(turn: Turn, error: unknown): void {
    const { hook, member } = turn.step.place;
    try {
      if (member.callee.handler === undefined || !isRefusal(error)) throw error;
      turn.refusal = checkAnswer(hook, { refuse: error.refusal }).refuse;
    } catch (failure) {
      this.#failed(turn, failure);
      return;
    }
    member.breaker.succeeded();
    this.#took(turn, none);
  }

  #failed(turn: Turn, error: unknown): void {
    if (this.#call.signal.aborted) throw engineErrors["client-gone"]({}, { cause: error });
    const { member, hook, failPolicy } = turn.step.place;
    member.breaker.failed();
    const reason = reasonOf(error);
    this.#keep(turn, { decision: "failed", failure: reason });
    if (failPolicy === "closed") this.#end(turn, engineErrors["plugin-failed"]({ plugin: member.name, hook, reason }, { cause: error }));
  }

  #keep(turn: Turn, kept: Pick<CallTrace, "decision"> & Partial<CallTrace>): void {
    this.traces?.call(this.#call.requestId, { ...traceOf(turn, none, none), changes: none, ...kept });
  }

  #end({ step }: Turn, error: OutriggerError): void {
    if (!this.#plan.tolerant) throw error;
    this.gathered.push({ plugin: step.place.member.name, message: reasonOf(error) } satisfies NotifyFailure);
  }

  #stop(error: unknown): void {
    stopWaiting(this);
    this.#turn = undefined;
    this.#reject(error);
  }
}

const none: readonly never[] = [];

/** Whether a step's filter lets a call through that has come through its door. */
export function isCalled({ place }: Step, input: unknown, call: Call): boolean {
  return place.matches === undefined || place.matches(input, call);
}
