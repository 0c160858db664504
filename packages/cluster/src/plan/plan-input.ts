import type { ClusterImageFacts } from "../image/cluster-image.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Operation } from "../phases/timelines.ts";
import type { PluginTypes } from "../plugins/plugin-type.ts";

/** All that decides what an operation does. */
export interface PlanInput {
  readonly operation: Operation;
  /** What the cluster is after the operation; for `scale-down` and `delete`: before it. Its plug-ins are merged with the image's. */
  readonly cluster: Cluster;
  readonly image: ClusterImageFacts;
  /** Hosts that join or leave, by ip; absent for operations that touch all. */
  readonly touched?: readonly string[];
  readonly types: PluginTypes;
}

/** Where everything of ours is on a host. */
export const hostFolder = "/var/lib/outrigger";

/** Where a cluster's files are on its hosts. */
export function rootfsFolder(cluster: string): string {
  return `${hostFolder}/clusters/${cluster}/rootfs`;
}
