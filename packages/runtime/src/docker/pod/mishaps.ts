import { type BackOff, delayAfter } from "@outrigger/plugin";
import { restartBackOff } from "../../back-off.ts";

/** What went wrong with one container, or with the pod as a whole. */
export interface Mishap {
  /** In a row. */
  readonly failures: number;
  /** Not tried again before; milliseconds since the epoch. */
  readonly nextAt: number;
  readonly reason: string;
  /** The error's code or the event's name. */
  readonly code: string;
}

// The pod's network; no container has such a name.
const network = ".network";

// A container that ran this long had recovered: its next failure is the first of a new row.
const recoveredAfter = 60_000;

/** The mishaps of one pod by container; the pod's own has no name. Kept until the container has run for a while. */
export class Mishaps {
  readonly #byName = new Map<string, Mishap>();
  readonly #restarts = new Map<string, number>();
  readonly #endings = new Map<string, string>();

  get(container = ""): Mishap | undefined {
    return this.#byName.get(container);
  }

  nextAt(container = ""): number {
    const own = this.get(container)?.nextAt ?? 0;
    return container === "" ? Math.max(own, this.get(network)?.nextAt ?? 0) : own;
  }

  /** Notes that the network, and the pod with it, has ended: it is made anew at once, but ever later when that happens again and again. */
  failNetwork(reason: string): void {
    const before = this.get(network);
    this.fail(network, "recreated", reason, restartBackOff, before === undefined ? 0 : Date.now() - before.nextAt);
  }

  restarts(container: string): number {
    return this.#restarts.get(container) ?? 0;
  }

  countRestart(container: string): void {
    this.#restarts.set(container, this.restarts(container) + 1);
  }

  /** Notes a failure; gives when it may be tried again. */
  fail(container: string, code: string, reason: string, backOff: BackOff, ranFor = 0): Mishap {
    const failures = ranFor >= recoveredAfter ? 1 : (this.get(container)?.failures ?? 0) + 1;
    const mishap = { failures, code, reason, nextAt: Date.now() + delayAfter(failures, backOff) };
    this.#byName.set(container, mishap);
    return mishap;
  }

  /** True the first time for each end of each run. */
  isNewEnding(container: string, run: string): boolean {
    if (this.#endings.get(container) === run) return false;
    this.#endings.set(container, run);
    return true;
  }

  clear(container = ""): void {
    this.#byName.delete(container);
  }

  /** All may be tried again at once: something else is wanted. */
  forgetWaits(): void {
    for (const [name, mishap] of this.#byName) this.#byName.set(name, { ...mishap, nextAt: 0 });
  }

  /** Forgets all about the containers: the pod is made anew, or removed. What keeps the pod as a whole stays known. */
  reset(): void {
    for (const name of this.#byName.keys()) if (name !== "" && name !== network) this.#byName.delete(name);
    this.#restarts.clear();
    this.#endings.clear();
  }
}
