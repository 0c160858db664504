import { setTimeout as sleep } from "node:timers/promises";
import type { Probe } from "@outrigger/plugin";
import type { Container } from "@outrigger/pod";
import { type ProbeTarget, tryProbe } from "./probes.ts";

/** Watches one run of one container by its probes. */
export interface Prober {
  readonly isReady: () => boolean;
  /** Why it is not ready, as the last try said. */
  readonly reason: () => string | undefined;
  readonly stop: () => void;
}

export interface ProberOptions {
  readonly container: Pick<Container, "readiness" | "liveness" | "startup">;
  readonly target: ProbeTarget;
  /** Readiness came or went. */
  readonly onChange: () => void;
  /** The liveness or startup probe has failed for good: the container must be started again. */
  readonly onFailed: (reason: string) => void;
}

// Just after its start a container is looked at often, so that who waits for it goes on at once.
const eagerFor = 10_000;
const eagerPeriod = 150;

/** Starts to probe. Without a readiness probe a container is ready once its startup probe, if any, has passed. */
export function startProber({ container, target, onChange, onFailed }: ProberOptions): Prober {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { readiness, liveness, startup } = container;
  let ready = readiness === undefined && startup === undefined;
  let reason: string | undefined;
  const setReady = (now: boolean, why: string | undefined): void => {
    const changed = now !== ready || why !== reason;
    [ready, reason] = [now, why];
    if (changed && !signal.aborted) onChange();
  };
  const fail = (what: string, why: string): void => {
    if (!signal.aborted) onFailed(`${what} probe failed: ${why}`);
    stopping.abort();
  };

  const untilStarted = async (probe: Probe): Promise<void> => {
    const begun = Date.now();
    const deadline = begun + (probe.initialDelaySeconds + probe.failureThreshold * probe.periodSeconds) * 1000;
    await sleep(probe.initialDelaySeconds * 1000, undefined, { signal });
    for (;;) {
      const failure = await tryProbe(probe, target, signal);
      if (failure === undefined) return;
      setReady(false, `startup probe: ${failure}`);
      if (Date.now() >= deadline) return fail("startup", failure);
      await sleep(pause(probe, begun, false), undefined, { signal });
    }
  };
  /** Calls `set` each time the probe's thresholds are crossed. */
  const watch = async (probe: Probe, isGood: () => boolean, set: (good: boolean, why: string | undefined) => void): Promise<void> => {
    const begun = Date.now();
    await sleep(probe.initialDelaySeconds * 1000, undefined, { signal });
    let [successes, failures] = [0, 0];
    while (!signal.aborted) {
      const failure = await tryProbe(probe, target, signal);
      if (signal.aborted) return;
      if (failure !== undefined && target.isMoving()) {
        await sleep(eagerPeriod, undefined, { signal });
        continue;
      }
      [successes, failures] = failure === undefined ? [successes + 1, 0] : [0, failures + 1];
      if (failure === undefined && successes >= probe.successThreshold) set(true, undefined);
      if (failure !== undefined && (failures >= probe.failureThreshold || !isGood())) set(false, failure);
      await sleep(pause(probe, begun, isGood()), undefined, { signal });
    }
  };
  const run = async (): Promise<void> => {
    if (startup !== undefined) await untilStarted(startup);
    if (signal.aborted) return;
    if (readiness === undefined) setReady(true, undefined);
    await Promise.all([
      readiness === undefined
        ? undefined
        : watch(
            readiness,
            () => ready,
            (good, why) => setReady(good, why && `readiness probe: ${why}`),
          ),
      liveness === undefined
        ? undefined
        : watch(
            liveness,
            () => true,
            (good, why) => (good ? undefined : fail("liveness", why ?? "")),
          ),
    ]);
  };
  // A rejection can only be the end of a sleep that was stopped.
  run().catch(() => {});
  return { isReady: () => ready, reason: () => reason, stop: () => stopping.abort() };
}

function pause(probe: Probe, begun: number, good: boolean): number {
  const period = probe.periodSeconds * 1000;
  return !good && Date.now() - begun < eagerFor ? Math.min(eagerPeriod, period) : period;
}
