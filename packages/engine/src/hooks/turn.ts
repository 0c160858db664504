import type { CallBehind, CallFacts, Refusal } from "@outrigger/sdk";
import { LateSignal } from "./deadline.ts";
import type { LiveCall } from "./member.ts";
import { visibleFacts } from "./places.ts";
import type { Gathering } from "./round.ts";
import type { Step } from "./steps.ts";

/** One call of one plug-in: what the plug-in is told, made only as far as it asks. */
export class Turn extends LateSignal implements LiveCall, CallBehind {
  readonly step: Step;
  /** What the plug-in sees of the round's input. */
  input: unknown;
  readonly started: number;
  warnings: readonly string[] | undefined;
  refusal: Refusal | undefined;
  readonly #round: Gathering;

  constructor(step: Step, round: Gathering) {
    super();
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

  warn(message: string): void {
    this.warnings = [...(this.warnings ?? []), message];
  }
}
