// 16 steps to each doubling: a value read back is at most 3 % off, and 2^32 µs (71 minutes) fit in 464 counts.
const steps = 16;
const size = 29 * steps;
const most = 2 ** 32 - 1;

/** Counts of durations in bounded memory. Durations in whole microseconds; counts may be fractions, since a sampled exchange stands for several. */
export class Histogram {
  readonly #counts: Float32Array = new Float32Array(size);
  #total = 0;
  #max = 0;

  get total(): number {
    return this.#total;
  }

  /** The greatest duration, exactly. */
  get max(): number {
    return this.#max;
  }

  add(duration: number, count = 1): void {
    const value = Math.min(most, Math.max(0, Math.round(duration)));
    this.#count(bucketOf(value), count);
    this.#max = Math.max(this.#max, value);
  }

  merge(other: Histogram): void {
    for (const [bucket, count] of other.#counts.entries()) if (count > 0) this.#count(bucket, count);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** The duration that `share` (0 to 1) of the counted ones do not exceed; 0 where nothing was counted. */
  quantile(share: number): number {
    const wanted = this.#total * share;
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= wanted - 1e-6 * this.#total) return Math.min(this.#max, middleOf(bucket));
    }
    return this.#max;
  }

  /** How many took at most `duration`, to within a step. */
  upTo(duration: number): number {
    const last = bucketOf(Math.min(most, duration));
    return this.#counts.subarray(0, last + 1).reduce((sum, count) => sum + count, 0);
  }

  /** `[microseconds, count]` of every step that has one: enough to merge it with others and to read any quantile. */
  steps(): readonly (readonly [duration: number, count: number])[] {
    return Array.from(this.#counts.entries())
      .filter(([, count]) => count > 0)
      .map(([bucket, count]) => [middleOf(bucket), Math.round(count * 100) / 100] as const);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#max = 0;
  }

  #count(bucket: number, count: number): void {
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    this.#total += count;
  }
}

function bucketOf(value: number): number {
  if (value < steps) return value;
  const doubling = 31 - Math.clz32(value);
  return (doubling - 3) * steps + ((value >>> (doubling - 4)) & (steps - 1));
}

function middleOf(bucket: number): number {
  if (bucket < steps) return bucket;
  const doubling = Math.floor(bucket / steps) + 3;
  const width = 2 ** (doubling - 4);
  return 2 ** doubling + (bucket % steps) * width + Math.floor(width / 2);
}
