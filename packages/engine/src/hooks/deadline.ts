import type { CallFacts } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";
import { fault } from "./answers.ts";
import type { LiveCall } from "./member.ts";

/** The time of one call. Its signal is made only where somebody reads it. */
export class Deadline {
  readonly milliseconds: number;
  readonly #outer: AbortSignal;
  #controller: AbortController | undefined;
  #over: Error | undefined;

  constructor(milliseconds: number, outer: AbortSignal) {
    this.milliseconds = milliseconds;
    this.#outer = outer;
  }

  /** Aborted when the time is over or the client is gone. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#over !== undefined) this.#controller.abort(this.#over);
    return this.#controller.signal;
  }

  /** True where it was the time that ended the call. */
  get passed(): boolean {
    return this.#over !== undefined && !this.#outer.aborted;
  }

  /** Waits for a call no longer than the time allows. @throws client-gone, plugin-fault */
  async within<Value>(pending: Promise<Value>): Promise<Value> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    pending.then(settle, settle);
    // Handlers that wait for nothing are done within a few turns of the microtask queue: cheaper than a timer.
    for (let tick = 0; tick < 6 && !settled; tick += 1) await undefined;
    return settled ? pending : this.#guard(pending);
  }

  #guard<Value>(pending: Promise<Value>): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const end = (reason: Error): void => {
      this.#over = reason;
      this.#controller?.abort(reason);
      reject(reason);
    };
    const timer = setTimeout(() => end(fault(`it did not answer within ${this.milliseconds} ms`)), this.milliseconds);
    const gone = (): void => end(engineErrors["client-gone"]({}));
    this.#outer.addEventListener("abort", gone, { once: true });
    pending.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      this.#outer.removeEventListener("abort", gone);
    });
    return promise;
  }
}

/** A call of a hook with its time. A class, since the signal of most is never read. */
export class TimedCall extends Deadline implements LiveCall {
  readonly facts: CallFacts;
  readonly input: unknown;

  constructor(facts: CallFacts, input: unknown, milliseconds: number, outer: AbortSignal) {
    super(milliseconds, outer);
    this.facts = facts;
    this.input = input;
  }

  get deadline(): number {
    return this.milliseconds;
  }
}
