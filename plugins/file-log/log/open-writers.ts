import type { LogWriter } from "./writer.ts";

interface Open {
  readonly writer: LogWriter;
  readonly users: number;
}

/** One writer for each container, however often its log is open at one time. */
export class OpenWriters {
  readonly #open = new Map<string, Open>();
  readonly #last = new Map<string, Promise<unknown>>();

  has(id: string): boolean {
    return this.#open.has(id);
  }

  get(id: string): LogWriter | undefined {
    return this.#open.get(id)?.writer;
  }

  /** @param begin opens the container's files, where they are not open */
  take(id: string, begin: () => Promise<LogWriter>): Promise<LogWriter> {
    return this.#inTurn(id, async () => {
      const { writer, users } = this.#open.get(id) ?? { writer: await begin(), users: 0 };
      this.#open.set(id, { writer, users: users + 1 });
      return writer;
    });
  }

  /** Closes the files when nobody has them open any more; else everything written so far is in them. */
  leave(id: string): Promise<void> {
    return this.#inTurn(id, async () => {
      const open = this.#open.get(id);
      if (open === undefined) return;
      if (open.users > 1) {
        this.#open.set(id, { ...open, users: open.users - 1 });
        return await open.writer.flush();
      }
      this.#open.delete(id);
      await open.writer.close();
    });
  }

  #inTurn<Value>(id: string, work: () => Promise<Value>): Promise<Value> {
    const turn = (this.#last.get(id) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    this.#last.set(id, settled);
    void settled.then(() => {
      if (this.#last.get(id) === settled) this.#last.delete(id);
    });
    return turn;
  }
}
