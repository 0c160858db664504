import { wordsOf } from "@outrigger/plugin";
import { isMaster } from "../model/host.ts";
import { hostFolder } from "../plan/plan-input.ts";
import type { HostConnections } from "../ssh/host-connection.ts";
import { type ClusterFolder, forgetCluster } from "../state/cluster-folder.ts";
import { type ClusterState, formatState, writeState } from "../state/cluster-state.ts";

/** Where masters keep a copy of the cluster's state: for when the one here is lost. */
export function stateOnMaster(cluster: string): string {
  return `${hostFolder}/clusters/${cluster}/cluster.json`;
}

/**
 * Writes down what the cluster now is: here, which must succeed, and on each master, which is told where it does not.
 * @param state undefined: the cluster is no more
 */
export async function commitState(
  folder: ClusterFolder,
  state: ClusterState | undefined,
  connections: HostConnections,
  warn: (text: string) => Promise<void>,
): Promise<void> {
  if (state === undefined) return forgetCluster(folder);
  const content = Buffer.from(formatState(state));
  const masters = state.cluster.hosts.filter(isMaster);
  await Promise.all(
    masters.map(async ({ ip }) => {
      try {
        const connection = await connections.get(ip);
        await connection.writeFile(stateOnMaster(folder.cluster), content, 0o600);
      } catch (error) {
        await warn(`${ip} has no copy of the cluster's state: ${wordsOf(error)}`);
      }
    }),
  );
  await writeState(folder, state);
}
