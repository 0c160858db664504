import type { LogEntry } from "./log-entry.ts";

/** Entries on their way from a stream to a driver, for one reader. */
export class EntryQueue implements AsyncIterableIterator<LogEntry> {
  readonly #entries: LogEntry[] = [];
  #next = 0;
  #waiting: PromiseWithResolvers<IteratorResult<LogEntry>> | undefined;
  #ended = false;
  #asked: () => void;
  readonly #emptied: () => void;

  /**
   * @param asked called when the first entry is asked for
   * @param emptied called when everything has been read
   */
  constructor(asked: () => void, emptied: () => void) {
    this.#asked = asked;
    this.#emptied = emptied;
  }

  get length(): number {
    return this.#entries.length - this.#next;
  }

  push(entry: LogEntry): void {
    if (this.#ended) return;
    this.#entries.push(entry);
    this.#serve();
  }

  /** What is there is still read; then the reader is done. */
  end(): void {
    this.#ended = true;
    this.#serve();
  }

  next(): Promise<IteratorResult<LogEntry>> {
    this.#asked();
    this.#asked = () => undefined;
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#serve();
    return promise;
  }

  return(): Promise<IteratorResult<LogEntry>> {
    this.#entries.length = this.#next = 0;
    this.#ended = true;
    this.#emptied();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #serve(): void {
    if (this.#waiting === undefined) return;
    const value = this.#entries[this.#next];
    if (value === undefined && !this.#ended) return;
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    if (value === undefined) return void resolve({ done: true, value });
    this.#next += 1;
    if (this.#next === this.#entries.length) {
      this.#entries.length = this.#next = 0;
      this.#emptied();
    }
    resolve({ done: false, value });
  }
}
