import { setTimeout as sleep } from "node:timers/promises";
import { type BackOff, delayAfter, type InstallationState, wordsOf } from "@outrigger/plugin";
import { startTime } from "../run/process-identity.ts";
import type { Run } from "../run/shim.ts";
import type { Probe } from "./probe.ts";

/** A driver as its keeper handles it. */
export interface KeptDriver {
  /** The run that goes on from before, if there is one. */
  readonly adopt: () => Run | undefined;
  readonly start: () => Promise<Run>;
  /** Ends it, with a signal first; resolves when nothing of it runs. */
  readonly end: () => Promise<void>;
  readonly probe: Probe;
  /** What a new run has to be told once it is well; gives why it refuses. */
  readonly introduce: () => Promise<string | undefined>;
  /** How a run ended, in words. */
  readonly ending: (code: number | undefined) => string;
  /** True while calls of engines wait for it: then it may be too busy for a probe. */
  readonly isBusy: () => boolean;
  readonly note: (text: string) => void;
}

/** Times in milliseconds. */
export interface KeepTimes {
  /** From the start until it must be healthy. */
  readonly start: number;
  readonly probeEvery: number;
  readonly probeLimit: number;
  /** So many failed probes in a row end it. */
  readonly hungAfter: number;
  /** Once healthy for so long, earlier failures no longer count. */
  readonly forgiven: number;
  readonly backOff: BackOff;
}

export const usualTimes: KeepTimes = {
  start: 15_000,
  probeEvery: 10_000,
  probeLimit: 5_000,
  hungAfter: 3,
  forgiven: 60_000,
  backOff: { first: 1_000, most: 60_000, atOnce: true },
};

export interface KeeperStatus {
  readonly state: Exclude<InstallationState, "installed" | "disabled">;
  readonly reason?: string;
  /** In a row. */
  readonly failures: number;
  /** Milliseconds since 1970. */
  readonly nextStart?: number;
  readonly startedAt?: number;
}

/** Keeps one driver running: starts it, sees that it is well, starts it anew with pauses that grow. */
export class Keeper {
  readonly #driver: KeptDriver;
  readonly #times: KeepTimes;
  readonly #leaving = new AbortController();
  readonly #first = Promise.withResolvers<string | undefined>();
  readonly #loop: Promise<void>;
  #state: KeeperStatus["state"] = "starting";
  #reason: string | undefined;
  #failures = 0;
  #nextStart: number | undefined;
  #startedAt: number | undefined;
  #up = Promise.withResolvers<void>();

  /** @param before how a run ended that nobody watched; counts as a failure */
  constructor(driver: KeptDriver, times: KeepTimes = usualTimes, before?: string) {
    this.#driver = driver;
    this.#times = times;
    if (before !== undefined) this.#failed(before);
    this.#loop = this.#keep();
  }

  status(): KeeperStatus {
    return {
      state: this.#state,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      failures: this.#failures,
      ...(this.#nextStart === undefined ? {} : { nextStart: this.#nextStart }),
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
    };
  }

  /** How the first start came out: undefined when it is healthy, else why it is not. */
  get firstStart(): Promise<string | undefined> {
    return this.#first.promise;
  }

  /** True once it runs and has been well; waits for that, but not where it is known to fail. */
  async isUp(wait: number): Promise<boolean> {
    if (this.#isReady) return true;
    if (this.#state !== "starting") return false;
    await Promise.race([this.#up.promise, sleep(wait, undefined, { ref: false })]);
    return this.#isReady;
  }

  #isReady = false;

  /** Ends the driver and keeps it no longer. */
  async stop(): Promise<void> {
    this.#leaving.abort();
    await this.#loop;
    await this.#driver.end();
  }

  /** Keeps it no longer; the driver itself goes on. */
  async release(): Promise<void> {
    this.#leaving.abort();
    await this.#loop;
  }

  async #keep(): Promise<void> {
    let adopts = true;
    while (!this.#leaving.signal.aborted) {
      const ending = await this.#once(adopts);
      adopts = false;
      this.#isReady = false;
      if (this.#leaving.signal.aborted || ending === undefined) break;
      this.#failed(ending);
      this.#first.resolve(ending);
      const wait = delayAfter(this.#failures, this.#times.backOff);
      this.#nextStart = Date.now() + wait;
      this.#driver.note(`${ending}; failure ${this.#failures} in a row, started again ${wait === 0 ? "at once" : `in ${wait / 1000} s`}`);
      await this.#pause(wait);
      this.#nextStart = undefined;
    }
    this.#first.resolve("it was stopped");
  }

  /** One run, from start to end: how it ended, or undefined where the keeper leaves. */
  async #once(adopts: boolean): Promise<string | undefined> {
    try {
      const adopted = adopts ? this.#driver.adopt() : undefined;
      const run = adopted ?? (await this.#driver.start());
      this.#startedAt = startTime(run.shim);
      const ended = run.ended.then((code) => this.#driver.ending(code));
      const ending = (await this.#becomeReady(ended, adopted === undefined)) ?? (await this.#watch(ended));
      if (ending !== undefined) await this.#driver.end();
      return ending;
    } catch (error) {
      return wordsOf(error);
    } finally {
      this.#startedAt = undefined;
    }
  }

  /** Undefined when it is well (or the keeper leaves), else why it never was. */
  async #becomeReady(ended: Promise<string>, isNew: boolean): Promise<string | undefined> {
    const deadline = Date.now() + this.#times.start;
    let wrong: string | undefined = "it does not listen";
    while (Date.now() < deadline && !this.#leaving.signal.aborted) {
      // The last look is not cut short: it is what will be told.
      const limit = Math.min(this.#times.probeLimit, Math.max(1_000, deadline - Date.now()));
      const ending = await Promise.race([
        ended,
        this.#driver.probe(limit).then((reason) => {
          wrong = reason;
        }),
      ]);
      if (ending !== undefined) return ending;
      if (wrong === undefined && isNew) wrong = await this.#driver.introduce();
      if (wrong === undefined) {
        this.#isReady = true;
        this.#become("healthy", undefined);
        this.#up.resolve();
        this.#first.resolve(undefined);
        return undefined;
      }
      await Promise.race([ended, this.#pause(50)]);
    }
    return this.#leaving.signal.aborted ? undefined : `${wrong} ${this.#times.start / 1000} s after its start`;
  }

  async #watch(ended: Promise<string>): Promise<string | undefined> {
    const since = Date.now();
    let hung = 0;
    while (!this.#leaving.signal.aborted) {
      const ending = await Promise.race([ended, this.#pause(this.#times.probeEvery)]);
      if (ending !== undefined) return ending;
      if (this.#leaving.signal.aborted) return undefined;
      if (Date.now() - since > this.#times.forgiven) this.#failures = 0;
      const wrong = await Promise.race([ended, this.#driver.probe(this.#times.probeLimit)]);
      if (wrong === undefined) {
        hung = 0;
        this.#become("healthy", undefined);
        continue;
      }
      if (this.#driver.isBusy()) continue;
      hung += 1;
      this.#become("failing", `${wrong} (${hung} of ${this.#times.hungAfter} probes)`);
      if (hung >= this.#times.hungAfter) return `${wrong}, ${hung} times in a row, so it was ended`;
    }
    return undefined;
  }

  #failed(reason: string): void {
    this.#failures += 1;
    this.#up = Promise.withResolvers();
    // The first failure is followed by a start at once; from the second on it is a loop, and callers need not wait.
    this.#become(this.#failures > 1 ? "failing" : "starting", reason);
  }

  #become(state: KeeperStatus["state"], reason: string | undefined): void {
    [this.#state, this.#reason] = [state, reason];
  }

  async #pause(time: number): Promise<undefined> {
    await sleep(time, undefined, { signal: this.#leaving.signal }).catch(() => {});
    return undefined;
  }
}
