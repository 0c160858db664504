/** Does work on the same volumes one piece after the other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** @param names taken in the order of the alphabet, so that two pieces of work never wait for each other */
  take<Value>(names: readonly string[], work: () => Promise<Value>): Promise<Value> {
    const [first, ...others] = [...new Set(names)].toSorted();
    if (first === undefined) return work();
    const turn = (this.#last.get(first) ?? Promise.resolve()).then(() => this.take(others, work));
    const settled = turn.catch(() => undefined);
    this.#last.set(first, settled);
    void settled.then(() => {
      if (this.#last.get(first) === settled) this.#last.delete(first);
    });
    return turn;
  }
}
