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

export function createBreaker(options: BreakerOptions = {}): Breaker {
  return new CountingBreaker(options);
}

class CountingBreaker implements Breaker {
  readonly #options: Required<BreakerOptions>;
  #times: readonly number[] = [];
  #row = 0;
  #openSince: number | undefined;

  constructor({ failures = 5, window = 10_000, pause = 2_000, now = Date.now }: BreakerOptions) {
    this.#options = { failures, window, pause, now };
  }

  allows(): boolean {
    if (this.#openSince === undefined) return true;
    const { now, pause } = this.#options;
    if (now() - this.#openSince < pause) return false;
    this.#openSince = now(); // the caller is the trial; the next comes after another pause
    return true;
  }

  succeeded(): void {
    if (this.#row === 0) return;
    [this.#times, this.#row, this.#openSince] = [[], 0, undefined];
  }

  failed(): void {
    const { failures, window, now } = this.#options;
    this.#row += 1;
    this.#times = [...this.#times, now()].slice(-failures);
    const oldest = this.#times[0];
    const full = this.#times.length === failures && oldest !== undefined && now() - oldest <= window;
    if (this.#openSince === undefined && full) this.#openSince = now();
  }

  failures(): number {
    return this.#row;
  }
}
