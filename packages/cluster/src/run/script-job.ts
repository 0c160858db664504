import { hash } from "node:crypto";
import type { HostScript, Task } from "../plan/plan.ts";
import type { Run } from "./run-parts.ts";
import type { AttemptResult, Job } from "./run-task.ts";
import { takeOutput, withOutput } from "./script-output.ts";

/** What scripts of the image get and give, by the step. */
export interface ScriptRules {
  /** Seconds. */
  readonly timeout: number;
  /** It may give variables for later scripts. */
  readonly gives: boolean;
  /** It gets what earlier scripts have given. */
  readonly takes: boolean;
}

/** Hosts take keys of printable ASCII, and no longer ones. */
const longestKey = 500;

/** The key under which a host knows an attempt of a task for all time. */
export function taskKey({ run, plan }: Pick<Run, "run" | "plan">, task: string, attempt: number): string {
  const whole = `${clusterKey(plan.cluster)}${run}/${encodeURI(task)}#${attempt}`;
  return whole.length <= longestKey ? whole : `${clusterKey(plan.cluster)}${run}/${hash("sha256", task)}#${attempt}`;
}

/** What all keys of a cluster's tasks begin with. */
export function clusterKey(cluster: string): string {
  return `${cluster}/`;
}

/** A script on its host: goes on when the connection or this process is lost. */
export function scriptJob(
  run: Run,
  task: Task & { readonly script: HostScript },
  rules: ScriptRules,
  more: Pick<Job, "name" | "retries" | "retryDelay">,
): Job {
  const work: Job["work"] = async ({ number, log, signal }) => {
    const connection = await run.connections.get(task.host);
    const script = rules.gives ? withOutput(run.run, task.id, task.script) : task.script;
    const secrets = rules.takes ? Object.fromEntries(run.outputs) : {};
    const outcome = await connection.run(
      { key: taskKey(run, task.id, number), script, secrets, timeout: rules.timeout * 1000 },
      { signal, onOutput: log.output },
    );
    if (outcome.kind === "ended" && outcome.exit === 0 && rules.gives) await takeOutput(run, connection, task.id);
    return resultOf(outcome, rules.timeout);
  };
  return { ...more, task: task.id, host: task.host, digest: task.digest, durable: true, always: false, work };
}

function resultOf(outcome: { readonly kind: string; readonly exit?: number }, timeout: number): AttemptResult {
  if (outcome.kind === "interrupted") return { kind: "interrupted" };
  if (outcome.kind === "timed-out") return { kind: "failed", reason: `it was not through after ${timeout} s and was ended` };
  return outcome.exit === 0
    ? { kind: "done", exit: 0 }
    : { kind: "failed", exit: outcome.exit ?? -1, reason: `its script ended with ${outcome.exit}` };
}
