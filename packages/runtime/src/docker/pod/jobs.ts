interface Job {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Work on single containers, at most one at a time for each; it goes on beside whatever else the pod needs. */
export class Jobs {
  readonly #running = new Map<string, Job>();
  readonly #onEnd: () => void;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Names of the containers that something is being done to. */
  names(): ReadonlySet<string> {
    return new Set(this.#running.keys());
  }

  /** Does nothing where a job on this container runs already. `work` must not fail; the signal asks it to give up waiting. */
  launch(container: string, work: (signal: AbortSignal) => Promise<void>): void {
    if (this.#running.has(container)) return;
    const abort = new AbortController();
    const done = work(abort.signal).finally(() => {
      this.#running.delete(container);
      this.#onEnd();
    });
    this.#running.set(container, { abort, done });
  }

  /** Asks all to give up what they wait for (a pull, a secret); what the engine is doing already ends by itself. */
  giveUpWaits(): void {
    for (const { abort } of this.#running.values()) abort.abort();
  }

  /** Ends when none runs. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Asks all to give up, and ends when they have. */
  async cancel(): Promise<void> {
    this.giveUpWaits();
    await this.settled();
  }
}
