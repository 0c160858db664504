import type { Cluster } from "../model/cluster.ts";
import type { Host } from "../model/host.ts";
import { readLabels } from "../plugins/built-in/label.ts";

/** What is known of hosts' labels without asking the cluster: those of the Clusterfile, and over them what its LABEL plug-ins put there. */
export function labelsOfHosts({ hosts, plugins }: Pick<Cluster, "hosts" | "plugins">): (host: Host) => Readonly<Record<string, string>> {
  const changes = plugins.filter(({ type, disabled }) => type === "LABEL" && !disabled).map((plugin) => readLabels(plugin, hosts).changes);
  return ({ ip, labels }) => {
    if (changes.length === 0) return labels;
    const known = new Map<string, string | null>(Object.entries(labels));
    for (const change of changes) for (const [key, value] of Object.entries(change.get(ip)?.labels ?? {})) known.set(key, value);
    return Object.fromEntries([...known].filter((entry): entry is [string, string] => entry[1] !== null));
  };
}
