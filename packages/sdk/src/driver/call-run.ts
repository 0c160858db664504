import { driverSdkErrors } from "./errors.ts";
import type { CallContext } from "./interfaces/call-context.ts";
import type { Logger } from "./logger.ts";

let calls = 0;

/** One call while it runs. What few drivers ask for, its signal and its logger, is made when it is asked for. */
export class CallRun implements CallContext {
  readonly #number: number = ++calls;
  readonly method: string;
  readonly deadline: number | undefined;
  readonly #limit: number | undefined;
  readonly #caller: { readonly signal: AbortSignal };
  readonly #room: { readonly log: Logger; readonly stopped: AbortSignal };
  #timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #abort: (() => void) | undefined;
  #late = false;
  #log: Logger | undefined;

  constructor(
    method: string,
    limit: number | undefined,
    caller: { readonly signal: AbortSignal },
    room: { readonly log: Logger; readonly stopped: AbortSignal },
  ) {
    this.method = method;
    this.#limit = limit;
    this.deadline = limit === undefined ? undefined : Date.now() + limit;
    this.#caller = caller;
    this.#room = room;
  }

  get callId(): string {
    return `c${this.#number}`;
  }

  get log(): Logger {
    this.#log ??= this.#room.log.with({ call: this.callId, method: this.method });
    return this.#log;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#abort = () => controller.abort();
      for (const end of this.#ends()) end.addEventListener("abort", this.#abort, { once: true });
      if (this.#late || this.#ends().some((end) => end.aborted)) controller.abort();
    }
    return this.#controller.signal;
  }

  #ends(): readonly AbortSignal[] {
    return [this.#caller.signal, this.#room.stopped];
  }

  /** What the work gives; rejects at the deadline. */
  within<Value>(work: Promise<Value>): Promise<Value> {
    const limit = this.#limit;
    if (limit === undefined) return work;
    return new Promise((resolve, reject) => {
      this.#timer = setTimeout(() => {
        this.#late = true;
        this.#abort?.();
        reject(driverSdkErrors["call-too-late"]({ method: this.method, seconds: limit / 1000 }));
      }, limit);
      work.then(resolve, reject);
    });
  }

  /** Its answer is there, all of it: nothing of the call stays. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#abort === undefined) return;
    for (const end of this.#ends()) end.removeEventListener("abort", this.#abort);
  }
}
