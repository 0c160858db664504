import type { ChangeHook, CollectHook } from "@outrigger/plugin";
import { answerOf, type HookAnswer } from "@outrigger/sdk";
import { checkAnswer } from "./answers.ts";
import { checkInput } from "./input-shapes.ts";
import type { InlineHandler } from "./member.ts";
import type { Place } from "./places.ts";
import { readChange, readResult } from "./read-answer.ts";
import type { Gathering } from "./round.ts";
import type { Changes } from "./traces.ts";
import type { Turn } from "./turn.ts";

/** A plug-in at a hook, with how it is called and what is done with its answer: chosen once, when the set is loaded. */
export interface Step extends Place {
  readonly handler: InlineHandler | undefined;
  /** Gives what the plug-in gives, or a promise of it. */
  readonly ask: (turn: Turn) => unknown;
  /** @throws plugin-fault */
  readonly answer: (turn: Turn, given: unknown) => HookAnswer;
  /** Puts an answer without a refusal into the round. @throws plugin-fault */
  readonly take: (round: Gathering, turn: Turn, answer: HookAnswer) => Changes;
}

/** A plug-in that may change the input. */
export function changeStep(hook: ChangeHook, place: Place): Step {
  return stepOf(place, place.trusted ? trustedChange(hook) : checkedChange(hook));
}

/** A plug-in that gives something. */
export function collectStep(hook: CollectHook, place: Place): Step {
  return stepOf(place, (round, { step }, answer) => {
    round.gathered.push({ plugin: step.member.name, result: readResult(hook, step, answer) });
    return none;
  });
}

/** A plug-in that may only refuse, or is only told. */
export function plainStep(place: Place): Step {
  return stepOf(place, () => none);
}

const none: readonly never[] = [];

function stepOf(place: Place, take: Step["take"]): Step {
  const { hook, member } = place;
  const { callee, name } = member;
  const handler = callee.handler?.(hook);
  if (handler !== undefined) {
    return {
      ...place,
      handler,
      ask: (turn) => handler(turn.input, turn),
      answer: (turn, given) => answerOf(name, hook, turn.input, given),
      take,
    };
  }
  return {
    ...place,
    handler,
    ask: (turn) => callee.call(hook, turn),
    answer: (_, given) => checkAnswer(hook, given),
    take,
  };
}

function checkedChange(hook: ChangeHook): Step["take"] {
  return (round, { step, input: seen }, answer) => {
    const { input, changes } = readChange(hook, step, round.input, seen, answer);
    if (changes.length > 0) round.change(step, input);
    return changes;
  };
}

/** Another object is a change, whatever is in it: what it is, is found out when somebody reads the trace. */
function trustedChange(hook: ChangeHook): Step["take"] {
  return (round, { step }, { input: after }) => {
    if (after === undefined) return none;
    checkInput(hook, after);
    const before = round.input;
    round.change(step, after);
    return { before, after };
  };
}
