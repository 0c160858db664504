/** Waits between attempts, in milliseconds: none before the first retry where `atOnce`, then doubling from `first` up to `most`. */
export interface BackOff {
  readonly first: number;
  readonly most: number;
  readonly atOnce: boolean;
}

/** Starting a container again. */
export const restartBackOff: BackOff = { first: 1_000, most: 60_000, atOnce: true };
/** Pulling an image again. */
export const pullBackOff: BackOff = { first: 10_000, most: 300_000, atOnce: false };
/** Making a container or a pod again after the engine refused it. */
export const makeBackOff: BackOff = { first: 1_000, most: 15_000, atOnce: false };
/** Reaching an engine that is down. */
export const reconnectBackOff: BackOff = { first: 100, most: 1_000, atOnce: true };

/** How long to wait after the `failures`th failure in a row (counted from 1). */
export function delayAfter(failures: number, { first, most, atOnce }: BackOff): number {
  const doublings = atOnce ? failures - 2 : failures - 1;
  return doublings < 0 ? 0 : Math.min(most, first * 2 ** Math.min(doublings, 30));
}
