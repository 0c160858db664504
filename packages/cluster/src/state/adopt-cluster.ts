import { clusterErrors } from "../errors.ts";
import { hostFolder } from "../plan/plan-input.ts";
import { plainScript } from "../run/script-output.ts";
import type { HostConnection } from "../ssh/host-connection.ts";
import { clusterFolder } from "./cluster-folder.ts";
import { lockCluster } from "./cluster-lock.ts";
import { type ClusterState, parseState, readState, writeState } from "./cluster-state.ts";

/** The names of the clusters whose state a master keeps. */
export async function clustersOnMaster(master: HostConnection): Promise<readonly string[]> {
  const folder = `${hostFolder}/clusters`;
  const list = plainScript(
    `shopt -s nullglob; for file in ${folder}/*/cluster.json; do name=\${file%/cluster.json}; printf '%s\\n' "\${name##*/}"; done`,
  );
  const { stdout } = await master.exec(list, { timeout: 30_000 });
  return stdout.split("\n").filter((name) => name !== "");
}

/**
 * Takes a cluster's state from one of its masters, where the one here is lost.
 * @throws cluster-known where there is one here, cluster-not-adoptable, cluster-state-invalid
 */
export async function adoptCluster(root: string, name: string, master: HostConnection): Promise<ClusterState> {
  const folder = clusterFolder(root, name);
  const unlock = lockCluster(folder, "adopt");
  try {
    if ((await readState(folder)) !== undefined) throw clusterErrors["cluster-known"]({ cluster: name, file: folder.state });
    const file = `${hostFolder}/clusters/${name}/cluster.json`;
    const text = Buffer.from(await master.readFile(file)).toString("utf8");
    const { ip } = master.host;
    const state = parseState(text, `${ip}:${file}`, name);
    // A state that is of other hosts was copied there, or the host is not what it says.
    if (!state.cluster.hosts.some((host) => host.ip === ip)) throw clusterErrors["cluster-not-adoptable"]({ cluster: name, ip });
    await writeState(folder, state);
    return state;
  } finally {
    unlock();
  }
}
