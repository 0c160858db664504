import { setTimeout as sleep } from "node:timers/promises";
import { clusterErrors } from "../errors.ts";
import type { StepName } from "../phases/timelines.ts";
import type { StepEntry, Task } from "../plan/plan.ts";
import { hostFolder } from "../plan/plan-input.ts";
import type { HostConnection } from "../ssh/host-connection.ts";
import type { Run } from "./run-parts.ts";
import type { Attempt, AttemptResult, Job } from "./run-task.ts";
import { scriptJob } from "./script-job.ts";
import { plainScript } from "./script-output.ts";

/** A task of a step: a script of the image, or what the runner does itself. */
export function stepJob(run: Run, entry: StepEntry, task: Task): Job {
  const { step, name, timeout } = entry;
  const more = { name, retries: 0, retryDelay: 0 };
  if (task.script !== undefined && step !== "ready") {
    const gives = ["create", "leave"].includes(step) || isJoinToken(task.id);
    return scriptJob(run, { ...task, script: task.script }, { timeout, gives, takes: step === "join" || step === "clean" }, more);
  }
  return {
    ...more,
    task: task.id,
    host: task.host,
    digest: task.digest,
    durable: false,
    always: isAlways(step),
    work: (attempt) => within(timeout, attempt.signal, (signal) => stepWork(run, entry, task, { ...attempt, signal })),
  };
}

/** Done again by every runner: connections end with the process, and what is known must be written by whoever ends the run. */
export function isAlways(step: StepName): boolean {
  return step === "connect" || step === "commit";
}

/** The task that gives the variables of join.sh once more. */
export function isJoinToken(task: string): boolean {
  return task.startsWith("join:join-token.sh/");
}

async function stepWork(run: Run, entry: StepEntry, task: Task, attempt: Attempt): Promise<AttemptResult> {
  const connection = (): Promise<HostConnection> => run.connections.get(task.host);
  switch (entry.step) {
    case "connect":
      return connect(run, await connection(), attempt);
    case "distribute":
      return distribute(run, task, await connection(), attempt);
    case "ready":
      return ready(await connection(), entry, task, attempt);
    case "label":
      await run.steps.label(await run.kubernetes(run.record.kubeconfig), attempt);
      return { kind: "done" };
    case "remove":
      return remove(run, await connection(), attempt);
    case "commit":
      await run.steps.commit(attempt.signal);
      return { kind: "done" };
    default:
      throw clusterErrors["step-unknown"]({ step: entry.step });
  }
}

/** Clocks further apart than this make certificates and tokens fail in ways that nobody understands. */
const mostClockOffset = 60_000;

async function connect(run: Run, connection: HostConnection, { log }: Attempt): Promise<AttemptResult> {
  const { hostname, system, architecture, clockOffset, clusters } = await connection.facts();
  const { ip } = connection.host;
  const isNew = ["create", "join"].includes(run.operation) && run.plan.touched.includes(ip);
  const other = clusters.find((name) => name !== run.plan.cluster);
  if (isNew && other !== undefined) throw clusterErrors["host-of-another-cluster"]({ host: ip, other, cluster: run.plan.cluster });
  log.line("log", `${hostname}, ${system}, ${architecture}`);
  if (Math.abs(clockOffset) > mostClockOffset)
    log.line(
      "log",
      `warning: its clock is ${Math.round(clockOffset / 1000)} s ahead of this machine's; certificates may not be valid there`,
    );
  return { kind: "done" };
}

async function distribute(run: Run, task: Task, connection: HostConnection, { signal, log }: Attempt): Promise<AttemptResult> {
  const facts = await connection.facts();
  const tree = await run.steps.tree(run.host(task.host), facts);
  const { sentBytes, unchanged } = await connection.distribute(tree, run.plan.rootfs, {
    signal,
    onProgress: ({ sentBytes: sent, totalBytes: total }) => run.report({ event: "progress", task: task.id, host: task.host, sent, total }),
  });
  log.line("log", unchanged ? "the files are there already" : `${(sentBytes / 1e6).toFixed(1)} MB sent`);
  return { kind: "done" };
}

/** Asks until the answer is yes, less and less often. */
async function ready(connection: HostConnection, entry: StepEntry, { script }: Task, { signal, log }: Attempt): Promise<AttemptResult> {
  if (script === undefined) return { kind: "done" };
  let said = "";
  for (let wait = 250; ; wait = Math.min(5000, wait * 2)) {
    const { exit, stdout, stderr } = await connection.exec(script, { timeout: entry.timeout * 1000, signal });
    const text = `${stdout}${stderr}`.trim();
    if (text !== said && text !== "") for (const line of text.split("\n")) log.line("stdout", line);
    said = text;
    if (exit === 0) return { kind: "done", exit };
    await sleep(wait, undefined, { signal });
  }
}

async function remove(run: Run, connection: HostConnection, { signal }: Attempt): Promise<AttemptResult> {
  const folder = `${hostFolder}/clusters/${run.plan.cluster}`;
  const { exit, stderr } = await connection.exec(plainScript(`rm -rf -- '${folder}'`), { timeout: 300_000, signal });
  return exit === 0 ? { kind: "done" } : { kind: "failed", exit, reason: stderr.trim() };
}

/** Ends work whose time is over: what can't be ended in time fails all the same. */
async function within(seconds: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<AttemptResult>): Promise<AttemptResult> {
  const late = AbortSignal.timeout(seconds * 1000);
  try {
    return await work(AbortSignal.any([signal, late]));
  } catch (error) {
    if (late.aborted && !signal.aborted) return { kind: "failed", reason: `it was not through after ${seconds} s` };
    throw error;
  }
}
