import type { Dispatch } from "./dispatch.ts";

/** Counts calls, so that a driver that stops can wait for them. */
export class RunningCalls {
  #count = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  counted(dispatch: Dispatch): Dispatch {
    const ended = (): void => {
      this.#count -= 1;
      if (this.#count === 0) this.#idle?.resolve();
    };
    return (method, body, caller) => {
      this.#count += 1;
      const call = dispatch(method, body, caller);
      // It never rejects.
      void call.then(ended);
      return call;
    };
  }

  /** Resolves when no call runs. */
  async idle(): Promise<void> {
    if (this.#count === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }
}
