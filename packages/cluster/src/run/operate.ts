import { clusterErrors } from "../errors.ts";
import type { ClusterImage } from "../image/cluster-image.ts";
import { kubernetesOf } from "../kubernetes/kubernetes-of.ts";
import { lateTasks } from "../plan/make-plan.ts";
import type { PlanInput } from "../plan/plan-input.ts";
import { applyNodeFacts } from "../plugins/built-in/node-facts.ts";
import type { HostConnections } from "../ssh/host-connection.ts";
import type { ClusterFolder } from "../state/cluster-folder.ts";
import { lockCluster } from "../state/cluster-lock.ts";
import { readState } from "../state/cluster-state.ts";
import { nextState } from "../state/next-state.ts";
import { stateWithUnfinished } from "../state/unfinished.ts";
import { withChangedCode } from "./changed-code.ts";
import { commitState } from "./commit-state.ts";
import { type FrozenRun, freeze, planDigest, type RunWish } from "./frozen-run.ts";
import { type Journal, openJournal, readJournal } from "./journal.ts";
import { loggerOf } from "./plugin-context.ts";
import { ranBefore } from "./ran-before.ts";
import { rootfsTrees } from "./rootfs-trees.ts";
import type { Report } from "./run-events.ts";
import type { StepWork } from "./run-parts.ts";
import { type RunResult, runPlan } from "./run-plan.ts";
import { createRunRecord } from "./run-record.ts";
import { markClosed, markOpen, newRunId, openRun, type RunFolder, readFrozen, requireNoneOpen, runFolder, writeFrozen } from "./runs.ts";
import type { Secrets } from "./secrets.ts";

/** What whoever runs something brings along. */
export interface Operator {
  readonly folder: ClusterFolder;
  /** Connections to the hosts of the plan, opened when they are needed. */
  readonly connect: (hosts: FrozenRun["plan"]["hosts"]) => HostConnections;
  readonly report: Report;
  readonly secrets: Secrets;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
}

/** The image and the types of plug-ins that a run needs; whoever opens them closes them. */
export interface OpenedParts {
  readonly image: ClusterImage;
  readonly types: PlanInput["types"];
}

export interface FinishedRun extends RunResult {
  readonly run: RunFolder;
  readonly frozen: FrozenRun;
  /** True where it must be resumed or abandoned. */
  readonly isOpen: boolean;
}

/**
 * Carries out what is planned. What the cluster is changes with the run's last step alone: a run that fails leaves it as it was, and open.
 * A deletion abandons what is open.
 * @throws cluster-busy, run-open (another run must be resumed or abandoned first), journal-unwritable
 */
export async function startRun(operator: Operator, wish: RunWish, parts: OpenedParts): Promise<FinishedRun> {
  const { folder } = operator;
  return locked(folder, wish.operation, async () => {
    // A deletion takes the place of whatever is open.
    if (wish.operation === "delete") await abandonOpen(folder);
    else await requireNoneOpen(folder);
    const frozen = freeze(newRunId(wish.operation), wish);
    const place = runFolder(folder, frozen.run);
    await writeFrozen(place, frozen);
    await markOpen(folder, frozen.run);
    return carryOut(operator, place, { frozen, hosts: wish.plan.hosts, parts });
  });
}

/** How a run goes on: with what it was frozen with, or with what has been planned anew for the same operation. */
export interface Resumption {
  readonly parts: OpenedParts;
  readonly wish?: RunWish;
}

/**
 * Goes on with the run that is open: tasks that are done, with the same digest, are not done again.
 * @throws cluster-busy, run-none-open, run-of-another-operation
 */
export async function resumeRun(operator: Operator, open: (frozen: FrozenRun) => Promise<Resumption>): Promise<FinishedRun> {
  const { folder } = operator;
  return locked(folder, "resume", async () => {
    const past = await openRun(folder);
    if (past === undefined) throw clusterErrors["run-none-open"]({ cluster: folder.cluster });
    const before = await readFrozen(past.folder);
    const { parts, wish } = await open(before);
    if (wish !== undefined && wish.operation !== before.operation)
      throw clusterErrors["run-of-another-operation"]({ run: before.run, operation: before.operation, wanted: wish.operation });
    const anew = wish === undefined ? withChangedCode(before, inputOf(before, parts)) : undefined;
    const frozen = wish === undefined ? (anew?.frozen ?? before) : freeze(before.run, wish);
    if (frozen !== before) await writeFrozen(past.folder, frozen);
    for (const type of anew?.changed ?? [])
      operator.report({
        time: new Date().toISOString(),
        event: "warning",
        text: `The code of ${type} is another than when the run began: what it has done is done again.`,
      });
    return carryOut(operator, past.folder, { frozen, hosts: wish?.plan.hosts ?? frozen.plan.hosts, parts });
  });
}

/** Leaves the open run as it is: it will not be resumed. What it has done on the hosts stays. @throws cluster-busy, run-none-open */
export async function abandonRun(folder: ClusterFolder): Promise<string> {
  return locked(folder, "resume --abandon", async () => {
    const run = await abandonOpen(folder);
    if (run === undefined) throw clusterErrors["run-none-open"]({ cluster: folder.cluster });
    return run;
  });
}

async function abandonOpen(folder: ClusterFolder): Promise<string | undefined> {
  const past = await openRun(folder);
  if (past === undefined) return undefined;
  const journal = await openJournal(past.folder.journal);
  await journal.write({ event: "run-ended", result: "abandoned" }).finally(() => journal.close());
  await markClosed(folder);
  return past.folder.run;
}

async function locked<Result>(folder: ClusterFolder, work: string, action: () => Promise<Result>): Promise<Result> {
  const unlock = lockCluster(folder, work);
  try {
    return await action();
  } finally {
    unlock();
  }
}

interface Carried {
  readonly frozen: FrozenRun;
  /** With their secrets, where they are known. */
  readonly hosts: FrozenRun["plan"]["hosts"];
  readonly parts: OpenedParts;
}

async function carryOut(operator: Operator, place: RunFolder, { frozen, hosts, parts }: Carried): Promise<FinishedRun> {
  const { folder, report, secrets, signal } = operator;
  const before = await readState(folder);
  const known = await stateWithUnfinished(folder);
  const ran = await ranBefore(folder, before, frozen.run);
  const journal = await openJournal(place.journal);
  const connections = operator.connect(hosts);
  const input: PlanInput = inputOf(frozen, parts);
  const record = createRunRecord(await beginJournal(journal, place, frozen));
  const clients = new Map<string, ReturnType<typeof kubernetesOf>>();
  const warn = async (text: string): Promise<void> => {
    await journal.write({ event: "warning", text });
    report({ time: new Date().toISOString(), event: "warning", text });
  };
  const trees = rootfsTrees(parts.image, frozen.cluster, applicationOf(frozen), (text) => void warn(text));
  const steps: StepWork = {
    tree: trees.of,
    label: async (kubernetes, attempt) => {
      const touched = frozen.plan.hosts.filter(({ ip }) => frozen.plan.touched.includes(ip));
      const { hostsBefore = [] } = frozen;
      await applyNodeFacts(kubernetes, touched, { before: hostsBefore, log: loggerOf(attempt.log), signal: attempt.signal });
    },
    commit: () => commitState(folder, nextState(before, frozen, record, ran), connections, warn),
  };
  try {
    const result = await runPlan({
      run: frozen.run,
      plan: frozen.plan,
      operation: frozen.operation,
      lateTasks: (phase, plugin, ips) => lateTasks(input, phase, plugin, ips),
      connections,
      types: parts.types,
      kubernetes: async (kubeconfig = known?.kubeconfig) => {
        const opened = clients.get(kubeconfig ?? "");
        if (opened !== undefined) return opened;
        const client = kubernetesOf(await connections.get(frozen.plan.master0), {
          ...(kubeconfig === undefined ? {} : { kubeconfig }),
          signal,
        });
        clients.set(kubeconfig ?? "", client);
        return client;
      },
      steps,
      journal,
      record,
      ran,
      secrets,
      report,
      folder: place.path,
      signal,
      limit: frozen.limit,
    });
    // A plug-in run by hand leaves the cluster as it is: it is run again, not resumed.
    const isOpen = result.result !== "done" && frozen.operation !== "run";
    if (!isOpen) await markClosed(folder);
    return { ...result, run: place, frozen, isOpen };
  } finally {
    await Promise.allSettled([...clients.values()].map((client) => client.close()));
    await Promise.allSettled([connections.close(), trees.close()]);
    await journal.close();
  }
}

/** Writes the first line, or that the run goes on; gives what was there. */
async function beginJournal(journal: Journal, place: RunFolder, frozen: FrozenRun): ReturnType<typeof readJournal> {
  const records = await readJournal(place.journal);
  const digest = planDigest(frozen.plan);
  const { run, operation, image } = frozen;
  await journal.write(
    records.length === 0
      ? { event: "run-started", format: 1, run, operation, cluster: frozen.cluster.name, image, planDigest: digest }
      : { event: "run-resumed", planDigest: digest },
  );
  return records;
}

function inputOf(frozen: FrozenRun, { image, types }: OpenedParts): PlanInput {
  const { plan, cluster, imageBefore, hostsBefore } = frozen;
  return {
    operation: plan.operation,
    cluster,
    image,
    touched: plan.touched,
    ...(imageBefore === undefined ? {} : { imageBefore }),
    ...(hostsBefore === undefined ? {} : { hostsBefore }),
    types,
  };
}

/** The folder of an application image's files is named after it. */
function applicationOf({ plan }: FrozenRun): string | undefined {
  return plan.operation === "apps" ? plan.rootfs.split("/").at(-2) : undefined;
}
