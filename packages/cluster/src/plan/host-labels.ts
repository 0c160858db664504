import type { Cluster } from "../model/cluster.ts";
import type { Host } from "../model/host.ts";
import type { TypedPlugin } from "./check-plugins.ts";

/** What is known of a host's labels without asking the cluster: those of the Clusterfile. */
export function labelsOfHosts(_cluster: Cluster, _typed: readonly TypedPlugin[]): (host: Host) => Readonly<Record<string, string>> {
  return ({ labels }) => labels;
}
