import type { ChangeHook, CollectHook } from "@outrigger/plugin";
import { answersOf, type HookAnswer, isObject } from "@outrigger/sdk";
import { checkAnswer } from "./answers.ts";
import { compileShape } from "./input-shapes.ts";
import type { InlineHandler } from "./member.ts";
import type { Place } from "./places.ts";
import { readChange, readResult } from "./read-answer.ts";
import type { Gathering } from "./round.ts";
import type { Changes } from "./traces.ts";
import type { Turn } from "./turn.ts";

/** A plug-in at a hook, with how it is called and what is done with what it gives: chosen once, when the set is loaded. */
export interface Step {
  readonly place: Place;
  /** Gives what the plug-in gives, or a promise of it. */
  readonly ask: (turn: Turn) => unknown;
  /** Puts what the plug-in gave into the round, and its warnings and its refusal into the turn. @throws plugin-fault, handler-answer-invalid */
  readonly take: (round: Gathering, turn: Turn, given: unknown) => Changes;
}

/** What an answer without a refusal does to a round. */
type Take = (round: Gathering, turn: Turn, answer: HookAnswer) => Changes;

/** A plug-in that may change the input. */
export function changeStep(hook: ChangeHook, place: Place): Step {
  const fits = compileShape(hook);
  const { handler } = place.member.callee;
  if (handler !== undefined && place.trusted) return new TrustedChange(place, handler(hook), fits);
  return stepOf(place, (round, { input: seen }, answer) => {
    const { input, changes } = readChange(place, round.input, seen, answer);
    if (changes.length === 0) return none;
    fits(input);
    round.change(place, input);
    return changes;
  });
}

/** A plug-in that gives something. */
export function collectStep(hook: CollectHook, place: Place): Step {
  return stepOf(place, (round, _, answer) => {
    round.gathered.push({ plugin: place.member.name, result: readResult(hook, place, answer) });
    return none;
  });
}

/** A plug-in that may only refuse, or is only told. */
export function plainStep(place: Place): Step {
  return stepOf(place, () => none);
}

const none: readonly never[] = [];

function stepOf(place: Place, take: Take): Step {
  const { hook, member } = place;
  const { callee, name } = member;
  const handler = callee.handler?.(hook);
  if (handler === undefined) {
    return {
      place,
      ask: (turn) => callee.call(hook, turn),
      take: (round, turn, given) => {
        const answer = checkAnswer(hook, given);
        turn.warnings = answer.warnings;
        turn.refusal = answer.refuse;
        return answer.refuse === undefined ? take(round, turn, answer) : none;
      },
    };
  }
  const answerOf = answersOf(name, hook);
  return {
    place,
    ask: (turn) => handler(turn.input, turn),
    take: (round, turn, given) => take(round, turn, answerOf(turn.input, given)),
  };
}

/** A class, and no functions made for each plug-in, so that the loop over all plug-ins is compiled as one. */
class TrustedChange implements Step {
  readonly place: Place;
  readonly #handler: InlineHandler;
  readonly #fits: (input: unknown) => void;
  readonly #answerOf: (input: unknown, given: unknown) => HookAnswer;

  constructor(place: Place, handler: InlineHandler, fits: (input: unknown) => void) {
    this.place = place;
    this.#handler = handler;
    this.#fits = fits;
    this.#answerOf = answersOf(place.member.name, place.hook);
  }

  ask(turn: Turn): unknown {
    return this.#handler(turn.input, turn);
  }

  /** Another object is a change, whatever is in it: what it is, is found out when somebody reads the trace. */
  take(round: Gathering, { input: before }: Turn, after: unknown): Changes {
    if (after === undefined || after === before) return none;
    if (!isObject(after)) this.#answerOf(before, after); // which says what is wrong with it
    this.#fits(after);
    round.change(this.place, after);
    return round.traces === undefined ? none : { before, after };
  }
}
