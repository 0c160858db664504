import { setTimeout as sleep } from "node:timers/promises";
import { delayAfter, wordsOf } from "@outrigger/plugin";
import type { TaskResult } from "./journal-events.ts";
import type { Run } from "./run-parts.ts";
import { isOpen, type TaskRecord } from "./run-record.ts";
import { openTaskLog, type TaskLog } from "./task-log.ts";

/** How one attempt went. A host that can't be asked is thrown as an error instead. */
export type AttemptResult =
  | { readonly kind: "done"; readonly exit?: number }
  | { readonly kind: "failed"; readonly exit?: number; readonly reason: string }
  /** The host went down in the middle. */
  | { readonly kind: "interrupted" };

export interface Attempt {
  readonly number: number;
  readonly log: TaskLog;
  readonly signal: AbortSignal;
}

/** One task as the runner sees it: what to do, and how often. */
export interface Job {
  readonly task: string;
  readonly host: string;
  readonly digest: string;
  /** For people: the plug-in's name, or the script's. */
  readonly name: string;
  /** After the first attempt. */
  readonly retries: number;
  /** Seconds. */
  readonly retryDelay: number;
  /** True for scripts that go on without us and are found again by their attempt's number. */
  readonly durable: boolean;
  /** Done again in a run that goes on, e.g. connecting. */
  readonly always: boolean;
  readonly work: (attempt: Attempt) => Promise<AttemptResult>;
}

/** A task that has failed, with what a person needs to see. */
export interface TaskFailure {
  readonly task: string;
  readonly host: string;
  readonly name: string;
  readonly attempt: number;
  readonly exit?: number;
  readonly reason: string;
  /** Its last lines of output. */
  readonly tail: readonly string[];
  /** Relative to the run's folder. */
  readonly log?: string;
  readonly cause?: unknown;
}

export type JobEnding =
  | { readonly kind: "done" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly failure: TaskFailure };

/** True where the run's journal says that it is done, and it would do the same again. */
export function isDone(record: TaskRecord | undefined, { digest, always }: Pick<Job, "digest" | "always">): boolean {
  return !always && record !== undefined && record.digest === digest && (record.result === "done" || record.result === "skipped");
}

/** Carries a task out, with its retries; each attempt's beginning and end stand in the journal. @throws journal-unwritable */
export async function runJob(run: Run, job: Job): Promise<JobEnding> {
  if (isDone(run.record.task(job.task), job)) return { kind: "done" };
  let foundBefore = false;
  for (let failures = 0; ; ) {
    if (run.signal.aborted) return { kind: "cancelled" };
    const before = run.record.task(job.task);
    const goesOn = job.durable && isOpen(before);
    const ending = await runAttempt(run, job, goesOn ? (before?.attempts ?? 1) : (before?.attempts ?? 0) + 1);
    if (ending.kind !== "failed") return ending;
    const isFound = goesOn && failures === 0 && !isOpen(run.record.task(job.task));
    if (isFound && !foundBefore) {
      // What an earlier runner began, and only now turns out to have failed, is no attempt of this one.
      foundBefore = true;
      await run.note({
        event: "warning",
        text: `${job.task}: ${ending.failure.reason}. It had begun before the run went on; it begins anew.`,
      });
      continue;
    }
    failures += 1;
    if (failures > job.retries) return ending;
    await pause(run.signal, delayAfter(failures, { first: job.retryDelay * 1000, most: 60_000, atOnce: false }));
  }
}

async function runAttempt(run: Run, job: Job, number: number): Promise<JobEnding> {
  const { task, host, digest, name } = job;
  await run.note({ event: "task-started", task, host, attempt: number, digest });
  const log = openTaskLog(run.folder, {
    task,
    attempt: number,
    secrets: run.secrets,
    onLine: (stream, text) => run.report({ event: "output", task, host, name, stream, text }),
  });
  const begun = performance.now();
  let thrown: unknown;
  const result = await job.work({ number, log, signal: run.signal }).catch((error: unknown) => {
    thrown = error;
    return undefined;
  });
  await log.close();
  const end = async (kind: TaskResult, reason?: string, exit?: number): Promise<void> =>
    run.note({
      event: "task-ended",
      task,
      host,
      attempt: number,
      digest,
      result: kind,
      ms: Math.round(performance.now() - begun),
      ...(exit === undefined ? {} : { exit }),
      ...(reason === undefined ? {} : { reason }),
      ...(log.path === undefined ? {} : { log: log.path }),
    });
  if (result?.kind === "done") {
    await end("done", undefined, result.exit);
    return { kind: "done" };
  }
  if (run.signal.aborted) {
    await end("cancelled");
    return { kind: "cancelled" };
  }
  const reason = run.secrets.mask(result === undefined ? wordsOf(thrown) : result.kind === "failed" ? result.reason : interruption);
  const exit = result?.kind === "failed" ? result.exit : undefined;
  await end(result === undefined && job.durable ? "lost" : "failed", reason, exit);
  const failure: TaskFailure = {
    task,
    host,
    name,
    attempt: number,
    reason,
    tail: log.tail,
    ...(exit === undefined ? {} : { exit }),
    ...(log.path === undefined ? {} : { log: log.path }),
    ...(thrown === undefined ? {} : { cause: thrown }),
  };
  return { kind: "failed", failure };
}

const interruption = "the host went down while it ran, and nobody knows how far it came";

async function pause(signal: AbortSignal, milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
