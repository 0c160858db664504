/** Something whose time is limited. */
export interface Waiting {
  /** Where it stands among all that wait; -1: nowhere. Kept by this module. */
  place: number;
  /** Asked at every tick, with the milliseconds of `performance.now()`. */
  readonly look: (now: number) => void;
}

/** Milliseconds between two ticks. Deadlines may be late by two of them, never early. */
export const tick = 25;

/**
 * One timer for everything that waits, since a timer for each call would take longer than most calls.
 * It runs while something waits, and at most one tick longer.
 */
const waiting: Waiting[] = [];
let timer: NodeJS.Timeout | undefined;

export function startWaiting(one: Waiting): void {
  if (one.place >= 0) return;
  one.place = waiting.push(one) - 1;
  timer ??= setInterval(lookAtAll, tick);
}

export function stopWaiting(one: Waiting): void {
  const last = one.place < 0 ? undefined : waiting.pop();
  if (last === undefined) return;
  if (last !== one) {
    waiting[one.place] = last;
    last.place = one.place;
  }
  one.place = -1;
}

function lookAtAll(): void {
  const now = performance.now();
  for (const one of [...waiting]) if (one.place >= 0) one.look(now);
  if (waiting.length > 0) return;
  clearInterval(timer);
  timer = undefined;
}
