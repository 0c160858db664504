/** Keeps a plug-in that fails again and again from costing every request its whole time. */
export interface Breaker {
  /** False: don't call it. While it is open, one call is let through from time to time to see whether the plug-in is back. */
  readonly allows: () => boolean;
  readonly succeeded: () => void;
  readonly failed: () => void;
  readonly failures: () => number;
}

export interface BreakerOptions {
  /** Failures in a row, all within `window`, that open it. */
  readonly failures?: number;
  /** Milliseconds. */
  readonly window?: number;
  /** Milliseconds between two trial calls while it is open. */
  readonly pause?: number;
  readonly now?: () => number;
}

export function createBreaker({ failures = 5, window = 10_000, pause = 2_000, now = Date.now }: BreakerOptions = {}): Breaker {
  let times: readonly number[] = [];
  let row = 0;
  let openSince: number | undefined;
  return {
    allows: () => {
      if (openSince === undefined) return true;
      if (now() - openSince < pause) return false;
      openSince = now(); // the caller is the trial; the next comes after another pause
      return true;
    },
    succeeded: () => {
      if (row === 0) return;
      [times, row, openSince] = [[], 0, undefined];
    },
    failed: () => {
      row += 1;
      times = [...times, now()].slice(-failures);
      const oldest = times[0];
      if (openSince === undefined && times.length === failures && oldest !== undefined && now() - oldest <= window) openSince = now();
    },
    failures: () => row,
  };
}
