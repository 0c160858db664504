import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isOutriggerError } from "@outrigger/plugin";
import type { Logger } from "pino";
import type { Bell } from "../bell.ts";
import { serverErrors } from "../errors.ts";
import type { BuildRow } from "../store/builds.ts";
import type { Database } from "../store/database.ts";
import type { BuildJob } from "./job.ts";
import { type BuildLog, type BytesProgress, openBuildLog } from "./log.ts";
import type { BuildRecords, Ending } from "./records.ts";
import { type RunnerParts, runBuild } from "./runner.ts";

/** Runs builds, some at once; the others wait in line. */
export interface BuildQueue {
  /** @throws build-queue-full */
  readonly assertRoom: () => void;
  /** Takes over a job whose record is stored. */
  readonly add: (job: BuildJob) => void;
  /** Asks the build to stop; false when it is not here any more. */
  readonly cancel: (build: string) => boolean;
  readonly progress: (build: string) => readonly BytesProgress[];
  /** Stops every build; each is recorded as interrupted. */
  readonly close: () => Promise<void>;
}

export type QueueParts = RunnerParts & {
  readonly db: Database;
  readonly bell: Bell;
  readonly records: BuildRecords;
  readonly log: Logger;
};

const retryMs = 1000;

type Stop = "cancelled" | "timed-out" | "interrupted";

interface Running {
  readonly stop: (why: Stop) => void;
  readonly log: BuildLog;
  readonly done: Promise<void>;
}

export function createBuildQueue(parts: QueueParts): BuildQueue {
  const { limits, records, log } = parts;
  const waiting: BuildJob[] = [];
  const running = new Map<string, Running>();
  let closed = false;

  const startNext = (): void => {
    while (!closed && running.size < limits.concurrentBuilds) {
      const job = waiting.shift();
      if (job === undefined) return;
      start(job);
    }
  };

  const start = (job: BuildJob): void => {
    const { id } = job.build;
    const abort = new AbortController();
    const buildLog = openBuildLog(parts.db, parts.bell, id, (error) => log.error({ err: error, build: id }, "can't store a build's log"));
    let stopped: Stop | undefined;
    const stop = (why: Stop): void => {
      stopped ??= why;
      abort.abort();
    };
    const timer = setTimeout(() => stop("timed-out"), limits.buildSeconds * 1000);
    const run = async (): Promise<void> => {
      await records.started(job.build);
      const ending = await outcome(job, buildLog, abort.signal, () => stopped);
      await buildLog.close();
      await recordEnding(job.build, ending);
      await dropContext(job);
    };
    const done = run()
      .catch((error) => log.error({ err: error, build: id }, "can't record a build"))
      .finally(() => {
        clearTimeout(timer);
        running.delete(id);
        startNext();
      });
    running.set(id, { stop, log: buildLog, done });
  };

  const outcome = async (job: BuildJob, buildLog: BuildLog, signal: AbortSignal, stopped: () => Stop | undefined): Promise<Ending> => {
    try {
      const built = await abortable(runBuild(parts, job, buildLog, signal), signal);
      return { state: "built", ...built };
    } catch (error) {
      const why = stopped();
      if (why !== undefined) return stoppedEnding(why, limits.buildSeconds);
      if (!isOutriggerError(error)) log.error({ err: error, build: job.build.id }, "a build failed in an unforeseen way");
      const message = error instanceof Error ? error.message : String(error);
      buildLog.add({ line: message });
      return { state: "failed", reason: isOutriggerError(error) ? `${error.message} ${error.hint}` : message };
    }
  };

  /** A full disk must not leave a version `building`: tries until it is stored, or the server stops; its next start ends the build then. */
  const recordEnding = async (build: BuildRow, ending: Ending): Promise<void> => {
    try {
      await records.ended(build, ending);
    } catch (error) {
      if (closed) throw error;
      log.error({ err: error, build: build.id }, "can't record how a build ended; trying again");
      await sleep(retryMs);
      await recordEnding(build, ending);
    }
  };

  const endWaiting = async (build: BuildRow, why: Stop): Promise<void> => {
    await records.ended(build, stoppedEnding(why, limits.buildSeconds));
  };

  return {
    assertRoom: () => {
      if (closed) throw serverErrors["shutting-down"]({});
      if (waiting.length >= limits.queuedBuilds) throw serverErrors["build-queue-full"]({ length: waiting.length });
    },
    add: (job) => {
      waiting.push(job);
      startNext();
    },
    cancel: (build) => {
      const at = waiting.findIndex((job) => job.build.id === build);
      const job = waiting[at];
      if (job !== undefined) {
        waiting.splice(at, 1);
        void dropContext(job).then(() => endWaiting(job.build, "cancelled"));
        return true;
      }
      running.get(build)?.stop("cancelled");
      return running.has(build);
    },
    progress: (build) => running.get(build)?.log.progress() ?? [],
    close: async () => {
      closed = true;
      for (const job of waiting.splice(0)) {
        await dropContext(job);
        await endWaiting(job.build, "interrupted");
      }
      for (const { stop } of running.values()) stop("interrupted");
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

function stoppedEnding(why: Stop, seconds: number): Ending {
  if (why === "cancelled") return { state: "cancelled", reason: serverErrors["build-cancelled"]({}).message };
  if (why === "timed-out") return { state: "timed-out", reason: serverErrors["build-timeout"]({ seconds }).message };
  return { state: "failed", reason: serverErrors["build-interrupted"]({}).message };
}

async function dropContext({ source }: BuildJob): Promise<void> {
  if (source.kind === "dockerfile") await rm(source.context.path, { force: true });
}

/** Ends when the signal aborts, even where the work does not heed it. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    work.catch(() => undefined);
    signal.removeEventListener("abort", abort);
  }
}
