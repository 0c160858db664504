import type { Host } from "../model/host.ts";
import type { FrozenRun } from "../run/frozen-run.ts";
import { readFrozen, readRun, runNames } from "../run/runs.ts";
import type { ClusterFolder } from "./cluster-folder.ts";
import { type ClusterState, readState } from "./cluster-state.ts";

/**
 * What a cluster is, with the hosts of creations and joins that were begun since and never came to their end: half of it may be on them. This is what a
 * deletion and a scale-down clean up. Undefined where nothing was ever begun.
 */
export async function stateWithUnfinished(folder: ClusterFolder): Promise<ClusterState | undefined> {
  let state = await readState(folder);
  for (const run of await unfinishedSince(folder, state?.run)) {
    const { cluster, clusterfile, image } = run.frozen;
    const kubeconfig = run.kubeconfig ?? state?.kubeconfig;
    state = {
      ...(state ?? {
        format: 1,
        cluster,
        clusterfile,
        image,
        earlier: [],
        applications: [],
        ran: {},
        run: run.frozen.run,
        changed: run.time,
      }),
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    };
    state = {
      ...state,
      cluster: { ...state.cluster, hosts: union(state.cluster.hosts, cluster.hosts) },
      clusterfile: { ...state.clusterfile, hosts: union(state.clusterfile.hosts, clusterfile.hosts) },
    };
  }
  return state;
}

interface Unfinished {
  readonly frozen: FrozenRun;
  readonly kubeconfig: string | undefined;
  readonly time: string;
}

/** Creations and joins after the run that the state is of and after the last deletion, oldest first, that are open or abandoned. */
async function unfinishedSince(folder: ClusterFolder, last: string | undefined): Promise<readonly Unfinished[]> {
  const found: Unfinished[] = [];
  for (const name of (await runNames(folder)).filter((each) => last === undefined || each > last)) {
    const { record, records, folder: place } = await readRun(folder, name);
    const [first] = records;
    if (first?.event !== "run-started") continue;
    if (first.operation === "delete" && record.ending?.result === "done") found.length = 0;
    if (first.operation !== "create" && first.operation !== "join") continue;
    if (record.ending?.result === "done" || record.tasks().every(({ task }) => task.startsWith("connect:"))) continue;
    found.push({ frozen: await readFrozen(place), kubeconfig: record.kubeconfig, time: first.time });
  }
  return found;
}

function union(hosts: readonly Host[], more: readonly Host[]): readonly Host[] {
  return [...hosts, ...more.filter(({ ip }) => !hosts.some((host) => host.ip === ip))];
}
