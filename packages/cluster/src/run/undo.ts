import type { PhaseName } from "@outrigger/plugin";
import type { HostScript, PluginEntry, Task } from "../plan/plan.ts";
import { calledJob } from "./called-job.ts";
import type { Run } from "./run-parts.ts";
import { isOpen, isUndo, undoTask } from "./run-record.ts";
import { type Job, runJob, type TaskFailure } from "./run-task.ts";
import { scriptJob } from "./script-job.ts";

/** Takes back all that this run has done and that can be taken back, the last first. What fails is told; the rest is taken back all the same. */
export async function undoRun(run: Run): Promise<readonly TaskFailure[]> {
  await run.note({ event: "undo-started" });
  const done = run.record.tasks().filter(({ task, result }) => result === "done" && !isUndo(task));
  return undoTasks(run, done.map(({ task }) => task).toReversed());
}

/** Brings to an end what an earlier runner has begun to take back, so that it is not done again at the same time. */
export async function finishUndo(run: Run): Promise<readonly TaskFailure[]> {
  const begun = run.record.tasks().filter((record) => isUndo(record.task) && isOpen(record));
  return undoTasks(
    run,
    begun.map(({ task }) => task.slice(undoTask("").length)),
  );
}

async function undoTasks(run: Run, tasks: readonly string[]): Promise<readonly TaskFailure[]> {
  const failures: TaskFailure[] = [];
  const known = tasksOf(run);
  for (const id of tasks) {
    if (run.signal.aborted) break;
    const found = known.get(id);
    const job = found === undefined ? undefined : undoJob(run, found);
    if (job === undefined) continue;
    const ending = await runJob(run, job);
    if (ending.kind === "failed") failures.push(ending.failure);
  }
  return failures;
}

interface PlannedTask {
  readonly phase: PhaseName;
  readonly entry: PluginEntry;
  readonly task: Task;
}

function tasksOf({ plan, late }: Run): ReadonlyMap<string, PlannedTask> {
  const planned = plan.stages.flatMap((stage) =>
    "phase" in stage ? stage.entries.flatMap((entry) => ("plugin" in entry ? [{ phase: stage.phase, entry }] : [])) : [],
  );
  const found = [...planned, ...late.values()].flatMap(({ phase, entry }) => entry.tasks.map((task) => ({ phase, entry, task })));
  return new Map(found.map((each) => [each.task.id, each]));
}

/** Undefined where the plug-in's type can't take anything back. */
function undoJob(run: Run, { phase, entry: { plugin, hosts }, task }: PlannedTask): Job | undefined {
  const type = run.types.get(plugin.type);
  const named = { id: undoTask(task.id), digest: task.digest };
  if (type.kind === "called") {
    if (type.undo === undefined) return undefined;
    return { ...calledJob(run, { plugin, type, phase, hosts, verb: "undo" }, named), always: true };
  }
  const rootfs = task.script?.workingDirectory;
  const made: HostScript | undefined = type.undo?.(plugin, {
    phase,
    host: run.host(task.host),
    hosts: run.plan.hosts,
    ...(rootfs === undefined ? {} : { rootfs }),
  });
  if (made === undefined) return undefined;
  const script = { ...made, env: { ...task.script?.env, ...made.env } };
  const { name, retries, retryDelay, timeout } = plugin;
  const job = scriptJob(
    run,
    { ...task, ...named, script },
    { timeout, gives: false, takes: false },
    { name: `${name} (undo)`, retries, retryDelay },
  );
  return { ...job, always: true };
}
