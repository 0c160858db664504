import { clusterErrors } from "../errors.ts";
import type { ClusterImageKind } from "../image/cluster-image.ts";
import type { Cluster } from "../model/cluster.ts";
import { firstMaster, type Host } from "../model/host.ts";
import type { Operation } from "../phases/timelines.ts";

/** What the cluster is. */
export interface CurrentCluster {
  readonly cluster: Cluster;
  readonly imageDigest: string;
  /** Digests of the application images that are installed in it. */
  readonly applications: readonly string[];
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
 * What brings a cluster from what it is to what it shall be, in order: create; or upgrade, join, scale-down, each only where it is needed; or nothing. An
 * application image is installed in the cluster that is there. Hosts that are in the cluster keep their order, so that master0 stays the same.
 *
 * @throws cluster-name-changed, master0-removed, host-roles-changed, image-is-application, application-with-hosts
 */
export function decide(current: CurrentCluster | undefined, wanted: WantedCluster): readonly DecidedOperation[] {
  const { cluster, imageKind } = wanted;
  if (current === undefined) {
    if (imageKind === "application") throw clusterErrors["image-is-application"]({ image: cluster.image, cluster: cluster.name });
    return [{ operation: "create", cluster }];
  }
  const { hosts, name, image } = current.cluster;
  if (name !== cluster.name) throw clusterErrors["cluster-name-changed"]({ wanted: cluster.name, current: name });
  const changes = hostChanges(hosts, cluster.hosts);
  refuse(name, hosts, changes);
  if (imageKind === "application") {
    if (changes.joining.length + changes.leaving.length > 0)
      throw clusterErrors["application-with-hosts"]({ image: cluster.image, cluster: name });
    return current.applications.includes(wanted.imageDigest)
      ? []
      : [{ operation: "apps", cluster: { ...cluster, hosts: changes.present } }];
  }
  const upgrade: DecidedOperation = { operation: "upgrade", cluster: { ...cluster, hosts: changes.present }, imageBefore: image };
  return [...(current.imageDigest === wanted.imageDigest ? [] : [upgrade]), ...hostOperations(cluster, changes)];
}

/** Hosts of a cluster before and after. */
export interface HostChanges {
  /** Those that are in it, in its order: as they are wanted, or, where they leave, as they are. */
  readonly present: readonly Host[];
  readonly joining: readonly Host[];
  /** As they are in the cluster. */
  readonly leaving: readonly Host[];
}

export function hostChanges(current: readonly Host[], wanted: readonly Host[]): HostChanges {
  const [own, other] = [byAddress(current), byAddress(wanted)];
  return {
    present: current.map((host) => other.get(host.ip) ?? host),
    joining: wanted.filter(({ ip }) => !own.has(ip)),
    leaving: current.filter(({ ip }) => !other.has(ip)),
  };
}

function hostOperations(cluster: Cluster, { present, joining, leaving }: HostChanges): readonly DecidedOperation[] {
  const all = { ...cluster, hosts: [...present, ...joining] };
  const join: DecidedOperation = { operation: "join", cluster: all, touched: joining.map(({ ip }) => ip) };
  const scaleDown: DecidedOperation = { operation: "scale-down", cluster: all, touched: leaving.map(({ ip }) => ip) };
  return [...(joining.length === 0 ? [] : [join]), ...(leaving.length === 0 ? [] : [scaleDown])];
}

function refuse(cluster: string, current: readonly Host[], { present, leaving }: HostChanges): void {
  const master0 = firstMaster(current);
  if (master0 !== undefined && leaving.includes(master0)) throw clusterErrors["master0-removed"]({ host: master0.ip, cluster });
  const before = byAddress(current);
  const changes = present.flatMap(({ ip, roles }) => {
    const former = before.get(ip)?.roles ?? [];
    const [from, to] = [former, roles].map((list) => list.filter((role) => role === "master" || role === "node").sort());
    return `${from}` === `${to}` ? [] : [`${ip} was ${former.join(", ")} and would be ${roles.join(", ")}`];
  });
  if (changes.length > 0) throw clusterErrors["host-roles-changed"]({ cluster, changes: changes.join("; ") });
}

function byAddress(hosts: readonly Host[]): ReadonlyMap<string, Host> {
  return new Map(hosts.map((host) => [host.ip, host]));
}
