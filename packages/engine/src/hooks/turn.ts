import type { CallBehind, CallFacts, Refusal } from "@outrigger/sdk";
import { LateSignal } from "./deadline.ts";
import type { LiveCall } from "./member.ts";
import { visibleFacts } from "./places.ts";
import type { Gathering } from "./round.ts";
import type { Step } from "./steps.ts";

/** One call of one plug-in: what the plug-in is told, made only as far as it asks. */
export class Turn implements LiveCall, CallBehind {
  readonly step: Step;
  /** What the plug-in sees of the round's input. */
  input: unknown = undefined;
  readonly started: number;
  warnings: readonly string[] | undefined = undefined;
  refusal: Refusal | undefined = undefined;
  readonly #round: Gathering;
  #late: LateSignal | undefined;
  #over: Error | undefined;

  constructor(step: Step, round: Gathering) {
    this.step = step;
    this.#round = round;
    this.started = round.traces === undefined ? 0 : performance.now();
  }

  /** Not done by the constructor, since what it throws is a failure of the turn. */
  see(input: unknown): void {
    const { see } = this.step.place;
    this.input = see === undefined ? input : see(input);
  }

  get facts(): CallFacts {
    return visibleFacts(this.step.place, this.#round.facts);
  }

  get deadline(): number {
    return this.step.place.timeout;
  }

  get signal(): AbortSignal {
    this.#late ??= new LateSignal();
    if (this.#over !== undefined) this.#late.end(this.#over);
    return this.#late.signal;
  }

  end(reason: Error): void {
    this.#over = reason;
    this.#late?.end(reason);
  }

  warn(message: string): void {
    this.warnings = [...(this.warnings ?? []), message];
  }
}
