import type { ClusterLogger, KubernetesClient } from "@outrigger/sdk";
import { changeNodes } from "../../kubernetes/change-nodes.ts";
import type { NodeChange } from "../../kubernetes/node-change.ts";
import type { Host } from "../../model/host.ts";

/**
 * Puts the hosts' labels and taints, and a label `node-role.kubernetes.io/ROLE` for each of their roles, on their nodes: what differs, and nothing else is
 * touched.
 *
 * @param options.before hosts as they were: what they had by us and have no more is taken away
 * @returns names of the nodes that were changed
 * @throws nodes-missing and node-ambiguous before anything is changed; node-change-refused, node-change-undone
 */
export async function applyNodeFacts(
  kubernetes: KubernetesClient,
  hosts: readonly Host[],
  { before = [], ...options }: { readonly before?: readonly Host[]; readonly log?: ClusterLogger; readonly signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  const former = new Map(before.map((host) => [host.ip, host]));
  return await changeNodes(kubernetes, new Map(hosts.map((host) => [host.ip, changeTo(host, former.get(host.ip))])), options);
}

function changeTo(host: Host, former: Host | undefined): NodeChange {
  const labels = labelsOf(host);
  const gone = Object.keys(former === undefined ? {} : labelsOf(former)).filter((key) => !Object.hasOwn(labels, key));
  const goneTaints = (former?.taints ?? []).filter(
    ({ key, effect }) => !host.taints.some((taint) => taint.key === key && taint.effect === effect),
  );
  return {
    labels: { ...Object.fromEntries(gone.map((key) => [key, null])), ...labels },
    taints: [...goneTaints.map(({ key, effect }) => ({ key, effect, value: null })), ...host.taints],
  };
}

function labelsOf({ roles, labels }: Host): Host["labels"] {
  return { ...Object.fromEntries(roles.map((role) => [`node-role.kubernetes.io/${role}`, ""])), ...labels };
}
