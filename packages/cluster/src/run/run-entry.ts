import type { PhaseName } from "@outrigger/plugin";
import type { ClusterPlugin, FailureRule } from "../model/cluster-plugin.ts";
import type { Entry, PluginEntry } from "../plan/plan.ts";
import { sideBySide } from "../side-by-side.ts";
import { calledJob } from "./called-job.ts";
import { prepareJoin } from "./join-variables.ts";
import type { Run } from "./run-parts.ts";
import { isDone, type Job, runJob, type TaskFailure } from "./run-task.ts";
import { scriptJob } from "./script-job.ts";
import { isJoinToken, stepJob } from "./step-job.ts";

export interface EntryEnding {
  readonly failures: readonly TaskFailure[];
  /** What its failures mean for the run. */
  readonly rule: FailureRule;
}

/** Carries an entry out: its tasks side by side. Where one fails, those that run are waited for, and unless the rule is `continue` no further one begins. */
export async function runEntry(run: Run, phase: PhaseName | undefined, entry: Entry): Promise<EntryEnding> {
  const rule = "plugin" in entry ? entry.plugin.onFailure : "abort";
  const failures: TaskFailure[] = [];
  const jobs = await jobsOf(run, phase, entry, failures);
  const goesOn = (): boolean => !run.signal.aborted && (rule === "continue" || failures.length === 0);
  await sideBySide(
    jobs,
    entry.parallel ?? run.limit,
    async (job) => {
      const ending = await runJob(run, job);
      if (ending.kind === "failed") failures.push(ending.failure);
    },
    goesOn,
  );
  return { failures, rule };
}

async function jobsOf(run: Run, phase: PhaseName | undefined, entry: Entry, failures: TaskFailure[]): Promise<readonly Job[]> {
  if ("plugin" in entry) return phase === undefined ? [] : pluginJobs(run, phase, entry, failures);
  const jobs = entry.tasks.filter(({ id }) => !isJoinToken(id)).map((task) => stepJob(run, entry, task));
  const left = jobs.filter((job) => !isDone(run.record.task(job.task), job));
  if (entry.step === "join" && left.length > 0) {
    const failure = await prepareJoin(run, entry);
    if (failure !== undefined) {
      failures.push(failure);
      return [];
    }
  }
  return jobs;
}

async function pluginJobs(run: Run, phase: PhaseName, planned: PluginEntry, failures: TaskFailure[]): Promise<readonly Job[]> {
  let entry: PluginEntry;
  try {
    entry = await withLateHosts(run, phase, planned);
  } catch (error) {
    const { name } = planned.plugin;
    const reason = `its label selector (${planned.lateSelectors.join("; ")}) can't be answered: ${error instanceof Error ? error.message : String(error)}`;
    failures.push({ task: `${phase}/${name}/-`, host: "-", name, attempt: 1, reason, tail: [], cause: error });
    return [];
  }
  const jobs: Job[] = [];
  for (const task of entry.tasks) {
    const job = pluginJob(run, phase, entry, task);
    if (await isRuledOut(run, entry.plugin, job)) continue;
    jobs.push(job);
  }
  return jobs;
}

function pluginJob(run: Run, phase: PhaseName, { plugin, hosts }: PluginEntry, task: PluginEntry["tasks"][number]): Job {
  const { name, retries, retryDelay, timeout } = plugin;
  const { script } = task;
  if (script !== undefined)
    return scriptJob(run, { ...task, script }, { timeout, gives: false, takes: false }, { name, retries, retryDelay });
  const type = run.types.get(plugin.type);
  // A plan gives tasks without scripts to called types alone.
  return calledJob(run, { plugin, type: type as Extract<typeof type, { kind: "called" }>, phase, hosts, verb: "run" }, task);
}

/** What `run: once` and `run: on-change` say of a task that an earlier run has done. */
async function isRuledOut(run: Run, { run: rule }: ClusterPlugin, job: Job): Promise<boolean> {
  const before = run.ran.get(job.task);
  if (rule === "always" || before === undefined || (rule === "on-change" && before !== job.digest)) return false;
  if (run.record.task(job.task) !== undefined) return true;
  const { task, host, digest } = job;
  const reason = rule === "once" ? "it has run once in this cluster" : "it would do what it has done before";
  await run.note({ event: "task-ended", task, host, attempt: 0, digest, result: "skipped", ms: 0, reason });
  return true;
}

/** Asks the cluster for the hosts that only it knows; those outside the operation don't count. */
async function withLateHosts(run: Run, phase: PhaseName, entry: PluginEntry): Promise<PluginEntry> {
  if (entry.lateSelectors.length === 0) return entry;
  const kubernetes = await run.kubernetes(run.record.kubeconfig);
  const found = new Set<string>();
  for (const selector of entry.lateSelectors)
    for (const { status } of await kubernetes.listNodes(selector))
      for (const { type, address } of status.addresses ?? []) if (type === "InternalIP") found.add(address);
  const late = run.plan.touched.filter((ip) => found.has(ip) && !entry.hosts.includes(ip));
  const hosts = run.plan.touched.filter((ip) => found.has(ip) || entry.hosts.includes(ip));
  const isCalled = run.types.get(entry.plugin.type).kind === "called";
  if (isCalled) return hosts.length === 0 ? { ...entry, hosts, tasks: [] } : { ...entry, hosts };
  const whole = { ...entry, hosts, tasks: [...entry.tasks, ...run.lateTasks(phase, entry.plugin.name, late)] };
  for (const { id } of whole.tasks) run.late.set(id, { phase, entry: whole });
  return whole;
}
