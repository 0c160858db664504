import type { ClusterFolder, Clusterfile, ClusterState, DecidedOperation, FinishedRun, PlanInput, RunWish } from "@outrigger/cluster";
import { isOutriggerError } from "@outrigger/plugin";
import { say } from "../output/print.ts";
import type { RunFlags } from "./cluster-options.ts";
import { requireConfirmed } from "./confirm.ts";
import { type OpenedWish, openCluster } from "./open-cluster.ts";
import { openOperator } from "./operator.ts";

export interface WishFlags extends RunFlags {
  readonly yes?: true;
  /** Hosts that can't be reached are left out: they are only taken from the cluster. */
  readonly force?: true;
}

/** What is wanted of a cluster, before it is known what has to be done for it. */
export interface Wish {
  readonly folder: ClusterFolder;
  readonly state: ClusterState | undefined;
  readonly clusterfile: Clusterfile;
  /** The image stays exactly the one that the cluster has. */
  readonly keepsImage: boolean;
}

/** Does what brings a cluster from what it is to what is wanted: nothing, or one operation after the other. */
export async function applyWish(wish: Wish, flags: WishFlags): Promise<void> {
  const { clusterChanges, currentCluster, decide, formatChanges } = await import("@outrigger/cluster");
  await requireNoOpenRun(wish.folder);
  const { state } = wish;
  const opened = await openCluster(wish.clusterfile, flags, wish.keepsImage ? state?.image : undefined);
  try {
    const { cluster, image } = opened;
    const current = state === undefined ? undefined : currentCluster(state);
    const wanted = { cluster, imageDigest: image.digest, imageKind: image.kind };
    const operations = decide(current, wanted);
    if (current !== undefined && operations.some(({ operation }) => operation === "update"))
      for (const line of formatChanges(clusterChanges(current, wanted))) say(line);
    if (operations.length === 0) say(`${cluster.name} is as it is wanted: nothing to do.`);
    for (const operation of operations) await carryOut(wish.folder, opened, operation, flags);
  } finally {
    await opened.close();
  }
}

/** Plans an operation, has what it takes away confirmed, and carries it out. @throws run-failed, run-cancelled, not-confirmed */
export async function carryOut(
  folder: ClusterFolder,
  opened: OpenedWish,
  { operation, cluster, touched, imageBefore, hostsBefore }: DecidedOperation,
  flags: WishFlags,
): Promise<FinishedRun> {
  const { makePlan, startRun, withoutHosts } = await import("@outrigger/cluster");
  const { image, types, clusterfile, grants } = opened;
  const input: PlanInput = {
    operation,
    cluster,
    image,
    types,
    ...(touched === undefined ? {} : { touched }),
    ...(imageBefore === undefined ? {} : { imageBefore }),
    ...(hostsBefore === undefined ? {} : { hostsBefore }),
  };
  const whole = makePlan(input);
  for (const warning of whole.warnings) say(`warning: ${warning}`);
  await confirmRemoval(input, flags);
  const operator = await openOperator(folder, flags);
  try {
    const away = flags.force === true ? await unreachable(operator.connect(whole.hosts), whole.touched) : new Set<string>();
    for (const ip of away) operator.reporter.say(`${ip} can't be reached: it is taken from the cluster, and nothing is done on it.`);
    const plan = withoutHosts(whole, away);
    const wish: RunWish = { operation, input, plan, clusterfile, grants, limit: flags.parallel };
    const finished = await startRun(operator, wish, { image, types });
    operator.close();
    await tellEnding(finished);
    return finished;
  } finally {
    operator.close();
  }
}

/** @throws run-failed, run-cancelled */
export async function tellEnding(finished: FinishedRun): Promise<void> {
  const { failureText, runError } = await import("@outrigger/cluster");
  const error = runError(finished);
  if (error !== undefined) throw error;
  for (const failure of finished.failures) say(`warning: ${failureText(failure, finished.run.path)}`);
  say(`${finished.frozen.cluster.name}: ${finished.frozen.operation} is done.`);
}

/** @throws run-open, before anything is asked or opened */
export async function requireNoOpenRun(folder: ClusterFolder): Promise<void> {
  const { requireNoneOpen } = await import("@outrigger/cluster");
  await requireNoneOpen(folder);
}

async function confirmRemoval({ operation, cluster, touched }: PlanInput, { yes }: WishFlags): Promise<void> {
  if (operation === "delete") {
    const hosts = `${cluster.hosts.length} ${cluster.hosts.length === 1 ? "host" : "hosts"}`;
    await requireConfirmed(`Delete the cluster ${cluster.name} from its ${hosts}, with everything in it?`, yes === true);
  } else if (operation === "scale-down") {
    await requireConfirmed(`Take ${(touched ?? []).join(", ")} out of the cluster ${cluster.name}, and clean up there?`, yes === true);
  }
}

/** Of these hosts, those that do not answer. @throws what else stands in the way: a host that answers is never passed over */
async function unreachable(
  connections: ReturnType<Awaited<ReturnType<typeof openOperator>>["connect"]>,
  hosts: readonly string[],
): Promise<ReadonlySet<string>> {
  const away = new Set<string>();
  const looks = await Promise.allSettled(
    hosts.map(async (ip) => {
      try {
        await (await connections.get(ip)).facts();
      } catch (error) {
        if (!isOutriggerError(error) || !["host-unreachable", "ssh-link-lost"].includes(error.code)) throw error;
        away.add(ip);
      }
    }),
  );
  await connections.close();
  for (const look of looks) if (look.status === "rejected") throw look.reason;
  return away;
}
