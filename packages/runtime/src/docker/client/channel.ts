const room = 1_000;

/** A queue between several writers and one reader; who writes waits while it is full. */
export class Channel<T> {
  readonly #items: T[] = [];
  #ended = false;
  #readable = Promise.withResolvers<void>();
  #writable = Promise.withResolvers<void>();

  async push(item: T): Promise<void> {
    while (this.#items.length >= room && !this.#ended) await this.#writable.promise;
    this.#items.push(item);
    this.#readable.resolve();
  }

  /** Nothing more comes; what is there can still be read. */
  end(): void {
    this.#ended = true;
    this.#readable.resolve();
    this.#writable.resolve();
  }

  async *read(): AsyncGenerator<T> {
    for (;;) {
      yield* this.#items.splice(0);
      this.#writable.resolve();
      this.#writable = Promise.withResolvers();
      if (this.#items.length > 0) continue;
      if (this.#ended) return;
      this.#readable = Promise.withResolvers();
      await this.#readable.promise;
    }
  }
}
