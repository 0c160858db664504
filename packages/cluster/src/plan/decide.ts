import { clusterErrors } from "../errors.ts";
import type { Cluster } from "../model/cluster.ts";
import { firstMaster, type Host } from "../model/host.ts";
import type { Operation } from "../phases/timelines.ts";
import { type CurrentCluster, clusterChanges, type WantedCluster } from "./cluster-changes.ts";
import { byAddress, type HostChanges, hostChanges, otherFacts } from "./host-changes.ts";

/** One operation of an `apply`; its cluster is what `PlanInput` asks for. */
export interface DecidedOperation {
  readonly operation: Operation;
  readonly cluster: Cluster;
  /** For `update`, `join` and `scale-down`. */
  readonly touched?: readonly string[];
  /** For `update`: hosts whose labels, taints or roles change, as they were. */
  readonly hostsBefore?: readonly Host[];
  /** For `upgrade`. */
  readonly imageBefore?: string;
}

/**
 * What brings a cluster from what it is to what it shall be, in order: create; or upgrade, join, update, scale-down, each only where it is needed; or nothing. An
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
  const upgrades = current.imageDigest === wanted.imageDigest ? [] : [upgrade];
  const { joins, leaves } = hostOperations(cluster, changes);
  // After a join, since documents may name the hosts that join.
  return [...upgrades, ...joins, ...updateBeside([...upgrades, ...joins, ...leaves], current, wanted, changes), ...leaves];
}

/** What the other operations don't bring: facts of hosts that stay, files after other settings, and where there are no others, all that is only written down. */
function updateBeside(
  others: readonly DecidedOperation[],
  current: CurrentCluster,
  wanted: WantedCluster,
  { present, joining, leaving }: HostChanges,
): readonly DecidedOperation[] {
  const { hostsChanged, plugins, settings } = clusterChanges(current, wanted);
  const former = byAddress(current.cluster.hosts);
  const staying = present.filter((host) => !leaving.includes(host));
  const other = staying.filter((host) => otherFacts(former.get(host.ip), host));
  // An upgrade brings the files to every host itself.
  const files = settings && !others.some(({ operation }) => operation === "upgrade");
  const written = others.length === 0 && hostsChanged.length + Object.values(plugins).flat().length > 0;
  if (other.length === 0 && !files && !written) return [];
  const touched = files ? staying : others.length === 0 ? staying.filter(({ ip }) => hostsChanged.includes(ip)) : other;
  const hostsBefore = other.flatMap(({ ip }) => former.get(ip) ?? []);
  const cluster = { ...wanted.cluster, hosts: [...present, ...joining] };
  return [{ operation: "update", cluster, touched: touched.map(({ ip }) => ip), hostsBefore }];
}

function hostOperations(
  cluster: Cluster,
  { present, joining, leaving }: HostChanges,
): Readonly<Record<"joins" | "leaves", readonly DecidedOperation[]>> {
  const all = { ...cluster, hosts: [...present, ...joining] };
  const join: DecidedOperation = { operation: "join", cluster: all, touched: joining.map(({ ip }) => ip) };
  const scaleDown: DecidedOperation = { operation: "scale-down", cluster: all, touched: leaving.map(({ ip }) => ip) };
  return { joins: joining.length === 0 ? [] : [join], leaves: leaving.length === 0 ? [] : [scaleDown] };
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
