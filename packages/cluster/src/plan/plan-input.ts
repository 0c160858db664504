import type { ClusterImageFacts } from "../image/cluster-image.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Host } from "../model/host.ts";
import type { Operation } from "../phases/timelines.ts";
import type { PluginTypes } from "../plugins/plugin-type.ts";

/** All that decides what an operation does. */
export interface PlanInput {
  readonly operation: Operation;
  /** What the cluster is after the operation; for `scale-down` and `delete`: before it. Its plug-ins are merged with the image's. */
  readonly cluster: Cluster;
  readonly image: ClusterImageFacts;
  /** Hosts that change, join or leave, by ip; absent for operations that touch all. */
  readonly touched?: readonly string[];
  readonly types: PluginTypes;
  /** For `update`: hosts whose labels, taints or roles change, as they were. */
  readonly hostsBefore?: readonly Host[];
  /** The reference of the image that the cluster has now; for `upgrade` and `rollback`. */
  readonly imageBefore?: string;
}

/** Where everything of ours is on a host. */
export const hostFolder = "/var/lib/outrigger";

/** Where a cluster's files are on its hosts. An application image's are beside those of the cluster's own. */
export function rootfsFolder(cluster: string, application?: string): string {
  const folder = `${hostFolder}/clusters/${cluster}`;
  return application === undefined ? `${folder}/rootfs` : `${folder}/applications/${application}/rootfs`;
}
