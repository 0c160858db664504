interface Open {
  readonly id: string;
  /** Milliseconds, of a clock that never jumps. */
  readonly begun: number;
}

/** Most of them are never answered: an engine tells no end of streams. */
const limit = 1_000;

/** Requests that the engine carries out now. It gives them no names of their own: equal ones are taken to be answered in their order. */
export class OpenRequests {
  readonly #open = new Map<string, Open[]>();
  #count = 0;

  begin(key: string, id: string): void {
    this.#open.set(key, [...(this.#open.get(key) ?? []), { id, begun: performance.now() }]);
    this.#count += 1;
    const [oldest] = this.#open.keys();
    if (this.#count > limit && oldest !== undefined) this.end(oldest);
  }

  /** @returns its id and how long it took in milliseconds; undefined for one that was never seen */
  end(key: string): { readonly id: string; readonly duration: number } | undefined {
    const [first, ...others] = this.#open.get(key) ?? [];
    if (first === undefined) return undefined;
    this.#count -= 1;
    if (others.length === 0) this.#open.delete(key);
    else this.#open.set(key, others);
    return { id: first.id, duration: rounded(performance.now() - first.begun) };
  }
}

export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
