/** Waits between attempts, in milliseconds: none before the first retry where `atOnce`, then doubling from `first` up to `most`. */
export interface BackOff {
  readonly first: number;
  readonly most: number;
  readonly atOnce: boolean;
}

/** How long to wait after the `failures`th failure in a row (counted from 1). */
export function delayAfter(failures: number, { first, most, atOnce }: BackOff): number {
  const doublings = atOnce ? failures - 2 : failures - 1;
  return doublings < 0 ? 0 : Math.min(most, first * 2 ** Math.min(doublings, 30));
}
