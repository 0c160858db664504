import type { Stage } from "../plan/plan.ts";
import { sideBySide } from "../side-by-side.ts";
import { runEntry } from "./run-entry.ts";
import { beginRun, type Run, type RunParts } from "./run-parts.ts";
import { isDone, type TaskFailure } from "./run-task.ts";
import { clusterKey } from "./script-job.ts";
import { outputFolder } from "./script-output.ts";
import { isAlways } from "./step-job.ts";
import { finishUndo, undoRun } from "./undo.ts";

export interface RunResult {
  readonly result: "done" | "failed" | "cancelled";
  /** Why it failed; where it is done, what failed under `onFailure: continue`. */
  readonly failures: readonly TaskFailure[];
  /** What was to be taken back and could not be. */
  readonly undoFailures: readonly TaskFailure[];
  /** True where what was done has been taken back. */
  readonly undone: boolean;
}

/**
 * Carries a plan out, or goes on with it: tasks whose end the journal has, with the same digest, are not done again.
 * Failures of tasks are in the result.
 * @throws journal-unwritable
 */
export async function runPlan(parts: RunParts): Promise<RunResult> {
  const run = beginRun(parts);
  const result = await runStages(run);
  const [failure] = result.failures;
  const reason = result.result === "failed" && failure !== undefined ? { reason: `${failure.task}: ${failure.reason}` } : {};
  await run.note({ event: "run-ended", result: result.result, ...reason });
  if (result.result === "done") await forgetTasks(run);
  return result;
}

async function runStages(run: Run): Promise<RunResult> {
  const ended = (result: RunResult["result"], failures: readonly TaskFailure[], more: Partial<RunResult> = {}): RunResult => ({
    result,
    failures,
    undoFailures: [],
    undone: false,
    ...more,
  });
  const unfinished = await finishUndo(run);
  if (unfinished.length > 0) return ended("failed", unfinished);
  const tolerated: TaskFailure[] = [];
  for (const stage of run.plan.stages) {
    reportStage(run, stage);
    for (const entry of stage.entries) {
      if (run.signal.aborted) return ended("cancelled", tolerated);
      const { failures, rule } = await runEntry(run, "phase" in stage ? stage.phase : undefined, entry);
      // What fails because everything is told to end is no failure.
      if (run.signal.aborted) return ended("cancelled", [...tolerated, ...failures]);
      if (failures.length === 0) continue;
      if (rule === "continue") {
        tolerated.push(...failures);
        continue;
      }
      if (rule === "undo") return ended("failed", failures, { undone: true, undoFailures: await undoRun(run) });
      return ended("failed", failures);
    }
  }
  return ended("done", tolerated);
}

function reportStage(run: Run, stage: Stage): void {
  const tasks = stage.entries.flatMap(({ tasks: each }) => each);
  const always = "step" in stage && isAlways(stage.step);
  const left = tasks.filter((task) => !isDone(run.record.task(task.id), { digest: task.digest, always }));
  run.report({ event: "stage", name: "phase" in stage ? stage.phase : stage.step, tasks: tasks.length, left: left.length });
}

/** What the hosts keep of the cluster's tasks is of no more use. A host that can't be asked keeps it: it is small, and the next run's end forgets it too. */
async function forgetTasks({ connections, plan, late, limit }: Run): Promise<void> {
  const entries = [...plan.stages.flatMap((stage) => stage.entries), ...[...late.values()].map(({ entry }) => entry)];
  const hosts = new Set(entries.flatMap(({ tasks }) => tasks.flatMap(({ host }) => (host === "-" ? [] : [host]))));
  await sideBySide([...hosts], limit, async (ip) => {
    try {
      const connection = await connections.get(ip);
      await connection.forgetTasks(clusterKey(plan.cluster), outputFolder);
    } catch {
      // Told already, if it mattered.
    }
  });
}
