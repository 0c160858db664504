import type { ClusterChanges, Clusterfile, ClusterImage, ClusterState, DecidedOperation, Plan } from "@outrigger/cluster";
import { cliErrors } from "../errors.ts";
import { knownState } from "./changed-hosts.ts";
import { type ClusterOptions, wantedFolder } from "./cluster-options.ts";
import { type NewClusterFlags, newClusterfile } from "./new-cluster.ts";
import { type OpenedWish, type OpenFlags, openCluster, readClusterfileAt } from "./open-cluster.ts";

/** What a plan is asked for. */
export interface PlanFlags extends OpenFlags, ClusterOptions, NewClusterFlags {
  readonly file?: string;
  readonly operation?: "delete" | "rollback";
}

/** What would be done, and what for. */
export interface PlannedOperations {
  readonly cluster: string;
  readonly plans: readonly Plan[];
  /** Absent where there is no cluster yet, or the operation does not come from comparing. */
  readonly changes?: ClusterChanges;
  readonly image: ClusterImage;
  readonly close: () => Promise<void>;
}

/** Plans what `apply`, `run`, `upgrade`, `rollback` or `delete` would do; no host is asked. @throws what these commands would */
export async function planOperations(image: string | undefined, flags: PlanFlags): Promise<PlannedOperations> {
  if (flags.operation !== undefined) return planKnown(flags.operation, flags);
  const { clusterfile, state } = await wished(image, flags);
  const { clusterChanges, currentCluster, decide } = await import("@outrigger/cluster");
  const opened = await openCluster(clusterfile, flags);
  return closingOnError(opened, async () => {
    const current = state === undefined ? undefined : currentCluster(state);
    const wanted = { cluster: opened.cluster, imageDigest: opened.image.digest, imageKind: opened.image.kind };
    const plans = await plansOf(decide(current, wanted), opened);
    const changes = current === undefined || wanted.imageKind === "application" ? {} : { changes: clusterChanges(current, wanted) };
    return { cluster: clusterfile.name, plans, ...changes, image: opened.image, close: opened.close };
  });
}

/** The Clusterfile that a file, options, or an image for a known cluster stand for. */
async function wished(
  image: string | undefined,
  flags: PlanFlags,
): Promise<{ readonly clusterfile: Clusterfile; readonly state: ClusterState | undefined }> {
  const { readState } = await import("@outrigger/cluster");
  if (image === undefined) {
    const clusterfile = await readClusterfileAt(flags.file ?? "Clusterfile");
    return { clusterfile, state: await readState(await wantedFolder(flags, clusterfile.name)) };
  }
  if (flags.file !== undefined) {
    throw cliErrors["option-invalid"]({
      option: "-f",
      found: "given beside an image",
      expected: "one of the two",
      command: "cluster plan",
    });
  }
  if (flags.masters === undefined && flags.nodes === undefined) {
    const state = await knownState(await wantedFolder(flags));
    return { clusterfile: { ...state.clusterfile, image }, state };
  }
  const name = flags.clusterName ?? flags.cluster;
  const clusterfile = await newClusterfile(image, { ...flags, ...(name === undefined ? {} : { clusterName: name }) });
  return { clusterfile, state: await readState(await wantedFolder(flags, clusterfile.name)) };
}

async function planKnown(operation: "delete" | "rollback", flags: PlanFlags): Promise<PlannedOperations> {
  const folder = await wantedFolder(flags);
  const state = await knownState(folder);
  const version = operation === "rollback" ? state.earlier.at(-1) : state.image;
  if (version === undefined) throw cliErrors["no-image-before"]({ cluster: folder.cluster, image: state.image.reference });
  const opened = await openCluster({ ...state.clusterfile, image: version.reference }, flags, version);
  return closingOnError(opened, async () => {
    const before = operation === "rollback" ? { imageBefore: state.image.reference } : {};
    const cluster = { ...opened.cluster, hosts: state.cluster.hosts };
    const plans = await plansOf([{ operation, cluster, ...before }], opened);
    return { cluster: folder.cluster, plans, image: opened.image, close: opened.close };
  });
}

async function plansOf(operations: readonly DecidedOperation[], { image, types }: OpenedWish): Promise<readonly Plan[]> {
  const { makePlan } = await import("@outrigger/cluster");
  return operations.map((operation) => makePlan({ ...operation, image, types }));
}

async function closingOnError<Result>(opened: OpenedWish, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await opened.close();
    throw error;
  }
}
