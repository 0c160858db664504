import { clusterErrors } from "../errors.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { requireNoneOpen } from "../run/runs.ts";
import type { ClusterFolder } from "./cluster-folder.ts";
import { lockCluster } from "./cluster-lock.ts";
import { type ClusterState, readState, writeState } from "./cluster-state.ts";

/** @throws cluster-unknown; run-open where its creation is not through */
export async function requireState(folder: ClusterFolder): Promise<ClusterState> {
  const state = await readState(folder);
  if (state !== undefined) return state;
  await requireNoneOpen(folder);
  throw clusterErrors["cluster-unknown"]({ cluster: folder.cluster });
}

/** @throws plugin-not-in-cluster */
export function requirePlugin({ cluster }: ClusterState, name: string): ClusterPlugin {
  const found = cluster.plugins.find((plugin) => plugin.name === name);
  if (found === undefined) {
    const known = cluster.plugins.map((plugin) => plugin.name).join(", ") || "none";
    throw clusterErrors["plugin-not-in-cluster"]({ plugin: name, cluster: cluster.name, known });
  }
  return found;
}

/** Fields of a plug-in that are set by hand, as if the Clusterfile had them: from the next operation on. @throws cluster-unknown, plugin-not-in-cluster */
export async function changePlugin(folder: ClusterFolder, name: string, change: PluginDocument["given"]): Promise<void> {
  await changeState(folder, (state) => {
    const plugin = requirePlugin(state, name);
    const { plugins } = state.clusterfile;
    const own = plugins.find((document) => document.name === name);
    const document: PluginDocument =
      own === undefined
        ? { name, given: change, origin: { from: "clusterfile", file: "cluster plugin", line: 1 } }
        : { ...own, given: { ...own.given, ...change } };
    return {
      ...state,
      cluster: { ...state.cluster, plugins: state.cluster.plugins.map((each) => (each.name === name ? { ...plugin, ...change } : each)) },
      clusterfile: {
        ...state.clusterfile,
        plugins: own === undefined ? [...plugins, document] : plugins.map((each) => (each.name === name ? document : each)),
      },
    };
  });
}

/** Changes the state while no other command does. @throws cluster-busy, cluster-unknown */
export async function changeState(folder: ClusterFolder, change: (state: ClusterState) => ClusterState): Promise<void> {
  const unlock = lockCluster(folder, "plugin");
  try {
    await writeState(folder, change(await requireState(folder)));
  } finally {
    unlock();
  }
}
