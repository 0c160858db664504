import { engineErrors } from "../errors.ts";
import { fault } from "./answers.ts";
import { startWaiting, stopWaiting } from "./clock.ts";

/** A signal that is made only where somebody reads it. */
export class LateSignal {
  #controller: AbortController | undefined;
  #over: Error | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#over !== undefined) this.#controller.abort(this.#over);
    return this.#controller.signal;
  }

  end(reason: Error): void {
    this.#over = reason;
    this.#controller?.abort(reason);
  }
}

/** The time of one call. */
export class Deadline extends LateSignal {
  readonly #milliseconds: number;
  readonly #outer: AbortSignal;
  #passed = false;

  constructor(milliseconds: number, outer: AbortSignal) {
    super();
    this.#milliseconds = milliseconds;
    this.#outer = outer;
  }

  /** True where it was the time that ended the call. */
  get passed(): boolean {
    return this.#passed;
  }

  /** Waits for a call no longer than the time allows, and than the client stays. @throws client-gone, plugin-fault */
  within<Value>(pending: Promise<Value>): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    let since: number | undefined;
    const end = (reason: Error): void => {
      this.end(reason);
      reject(reason);
    };
    const waiting = {
      place: -1,
      look: (now: number): void => {
        since ??= now;
        this.#passed = !this.#outer.aborted && now - since >= this.#milliseconds;
        if (this.#outer.aborted) end(engineErrors["client-gone"]({}));
        else if (this.#passed) end(late(this.#milliseconds));
      },
    };
    startWaiting(waiting);
    pending.then(resolve, reject);
    return promise.finally(() => stopWaiting(waiting));
  }
}

/** The failure of a plug-in whose time is over. */
export function late(milliseconds: number): Error {
  return fault(`it did not answer within ${milliseconds} ms`);
}
