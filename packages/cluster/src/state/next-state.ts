import type { Clusterfile } from "../model/clusterfile.ts";
import type { Host } from "../model/host.ts";
import type { Plan } from "../plan/plan.ts";
import type { FrozenRun } from "../run/frozen-run.ts";
import type { RunRecord } from "../run/run-record.ts";
import type { ClusterState, ImageVersion } from "./cluster-state.ts";

/**
 * What a cluster is once a run is through; undefined when it is no more.
 * @param earlier what earlier runs have done of the tasks whose rule asks for it, those that never came to their end among them
 */
export function nextState(
  before: ClusterState | undefined,
  frozen: FrozenRun,
  record: RunRecord,
  earlier: ReadonlyMap<string, string>,
  now: Date = new Date(),
): ClusterState | undefined {
  const { operation, plan, cluster, clusterfile, image, run } = frozen;
  if (operation === "delete") return undefined;
  const kubeconfig = record.kubeconfig ?? before?.kubeconfig;
  const common = {
    format: 1,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ran: { ...Object.fromEntries(earlier), ...remembered(plan, record) },
    run,
    changed: now.toISOString(),
  } as const;
  const applications = before?.applications ?? [];
  // What an application image brings, and a plug-in run by hand, leaves the cluster itself as it is.
  if (before !== undefined && (operation === "apps" || operation === "run")) {
    return { ...before, ...common, applications: operation === "apps" ? [...applications, image] : applications };
  }
  const leaving = operation === "scale-down" ? new Set(plan.touched) : new Set<string>();
  const hosts = cluster.hosts.filter(({ ip }) => !leaving.has(ip));
  const gone = [...(before?.cluster.formerHosts ?? []), ...cluster.hosts.filter(({ ip }) => leaving.has(ip))];
  const formerHosts = gone.filter(({ ip }) => !hosts.some((host) => host.ip === ip));
  const former = formerHosts.length === 0 ? {} : { formerHosts };
  const isGone = (task: string): boolean => leaving.has(task.split("/").at(-1) ?? "");
  return {
    ...common,
    ran: Object.fromEntries(Object.entries(common.ran).filter(([task]) => !isGone(task))),
    cluster: { ...cluster, hosts, ...former },
    clusterfile: { ...clusterfile, ...former, hosts: ownHosts(hosts, clusterfile, before?.clusterfile) },
    image,
    earlier: earlierImages(before, image, operation),
    applications,
  };
}

/** Hosts as the Clusterfile has them, without what the image adds. */
function ownHosts(hosts: readonly Host[], wanted: Clusterfile, before: Clusterfile | undefined): readonly Host[] {
  return hosts.map((host) => {
    const same = ({ ip }: Host): boolean => ip === host.ip;
    return wanted.hosts.find(same) ?? before?.hosts.find(same) ?? host;
  });
}

function earlierImages(before: ClusterState | undefined, image: ImageVersion, operation: FrozenRun["operation"]): readonly ImageVersion[] {
  if (before === undefined) return [];
  if (operation === "rollback") return before.earlier.slice(0, -1);
  return before.image.digest === image.digest ? before.earlier : [...before.earlier, before.image];
}

/** Tasks that later runs may skip because of their rule, by id. */
export function remembered(plan: Plan, record: RunRecord): Readonly<Record<string, string>> {
  const ruled = new Set(
    plan.stages.flatMap(({ entries }) =>
      entries.flatMap((entry) => ("plugin" in entry && entry.plugin.run !== "always" ? [entry.plugin.name] : [])),
    ),
  );
  return Object.fromEntries(
    record
      .tasks()
      .filter(({ task, result }) => result === "done" && ruled.has(task.split("/")[1] ?? "") && !task.startsWith("undo/"))
      .map(({ task, digest }) => [task, digest]),
  );
}
