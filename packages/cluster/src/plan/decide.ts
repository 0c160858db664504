import type { ClusterImageKind } from "../image/cluster-image.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Operation } from "../phases/timelines.ts";

/** What the cluster is. */
export interface CurrentCluster {
  readonly cluster: Cluster;
  readonly imageDigest: string;
}

/** What the cluster shall be. */
export interface WantedCluster {
  readonly cluster: Cluster;
  readonly imageDigest: string;
  readonly imageKind: ClusterImageKind;
}

/** One operation of an `apply`; its cluster is what `PlanInput` asks for. */
export interface DecidedOperation {
  readonly operation: Operation;
  readonly cluster: Cluster;
  /** For `join` and `scale-down`. */
  readonly touched?: readonly string[];
  /** For `upgrade`. */
  readonly imageBefore?: string;
}

/**
 * What brings a cluster from what it is to what it shall be, in order: create; or upgrade, join, scale-down, each only where it is needed; or nothing.
 * Existing hosts keep their order, so that master0 stays the same.
 *
 * @throws master0-removed, host-roles-changed, cluster-name-changed, image-is-application
 */
export declare function decide(current: CurrentCluster | undefined, wanted: WantedCluster): readonly DecidedOperation[];
