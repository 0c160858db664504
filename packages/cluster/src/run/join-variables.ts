import { digestOfValue } from "../plan/digest.ts";
import type { StepEntry } from "../plan/plan.ts";
import type { Run } from "./run-parts.ts";
import { runJob, type TaskFailure } from "./run-task.ts";
import { scriptJob } from "./script-job.ts";
import { takeOutput } from "./script-output.ts";

/**
 * Sees to it that the variables of join.sh are there: right after create.sh they are in memory; for later joins, and in a run that goes on, join-token.sh gives
 * them once more, or where the image has none, the file into which create.sh has written them.
 */
export async function prepareJoin(run: Run, entry: StepEntry): Promise<TaskFailure | undefined> {
  if (run.outputs.size > 0) return undefined;
  const { joinToken, master0, operation } = run.plan;
  const created = [...run.record.tasks()].find(({ task }) => task.startsWith("create:"));
  if (joinToken !== undefined && (operation !== "create" || run.isResumed)) {
    const id = `join:join-token.sh/${master0}`;
    const task = { id, host: master0, script: joinToken, digest: digestOfValue([id, joinToken]) };
    const job = scriptJob(
      run,
      task,
      { timeout: entry.timeout, gives: true, takes: false },
      { name: "scripts/join-token.sh", retries: 0, retryDelay: 0 },
    );
    const ending = await runJob(run, { ...job, always: true });
    return ending.kind === "failed" ? ending.failure : undefined;
  }
  if (created !== undefined) await takeOutput(run, await run.connections.get(master0), created.task);
  return undefined;
}
