import type { ClusterLogger, KubernetesClient } from "@outrigger/sdk";
import { changeNodes } from "../../kubernetes/change-nodes.ts";
import type { NodeChange } from "../../kubernetes/node-change.ts";
import type { Host } from "../../model/host.ts";

/**
 * Puts the hosts' labels and taints, and a label `node-role.kubernetes.io/ROLE` for each of their roles, on their nodes: what differs, and nothing else is
 * touched.
 *
 * @returns names of the nodes that were changed
 * @throws nodes-missing and node-ambiguous before anything is changed; node-change-refused, node-change-undone
 */
export async function applyNodeFacts(
  kubernetes: KubernetesClient,
  hosts: readonly Host[],
  options: { readonly log?: ClusterLogger; readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  return await changeNodes(kubernetes, new Map(hosts.map((host) => [host.ip, factsOf(host)])), options);
}

function factsOf({ roles, labels, taints }: Host): NodeChange {
  const roleLabels = Object.fromEntries(roles.map((role) => [`node-role.kubernetes.io/${role}`, ""]));
  return { labels: { ...roleLabels, ...labels }, taints };
}
