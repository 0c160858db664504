import { nearest, type PlainProblem, type Problem } from "@outrigger/plugin";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import type { Target } from "../model/target.ts";
import { placePluginProblem, sourcesOf } from "./places.ts";
import { formatTarget, meaningOf } from "./targets.ts";

/** Targets that mean no host of the whole cluster, each at its place; label selectors only the cluster can answer. Disabled plug-ins don't count. */
export function targetProblems(plugins: readonly ClusterPlugin[], hosts: readonly Host[]): readonly Problem[] {
  return plugins
    .filter(({ disabled }) => !disabled)
    .flatMap((plugin) =>
      plugin.targets
        .filter((target) => !meansAny(target, hosts))
        .map((target) => placePluginProblem(plugin, problemOf(plugin, target, hosts))),
    );
}

function meansAny(target: Target, hosts: readonly Host[]): boolean {
  return target.kind === "labels" || target.kind === "master0" || hosts.some(meaningOf(target));
}

function problemOf(plugin: ClusterPlugin, target: Target, hosts: readonly Host[]): PlainProblem {
  const found = formatTarget(target);
  const known = target.kind === "role" ? [...new Set(hosts.flatMap(({ roles }) => roles)), "master0"] : hosts.map(({ ip }) => ip);
  const meant = nearest(found, known);
  const mend = `Mend it, give a host the role, or override the plug-in in the Clusterfile (\`disabled: true\` leaves it out).`;
  return {
    path: ["spec", fieldOf(plugin)],
    code: "unknown-reference",
    message: `${target.kind === "role" ? `No host of the cluster has the role ${found}` : `No host of the cluster is ${found}`} (plug-in ${plugin.name}).`,
    found,
    expected: known.slice(0, 20).join(", "),
    hint: meant === undefined || target.kind !== "role" ? mend : `Did you mean ${JSON.stringify(meant)}?`,
  };
}

function fieldOf(plugin: ClusterPlugin): string {
  const [spec] = sourcesOf(plugin).flatMap(({ value }) => {
    const own = (value as { readonly spec?: object } | null)?.spec ?? {};
    return "on" in own || "scope" in own ? [own] : [];
  });
  return plugin.scoped || (spec !== undefined && "scope" in spec && !("on" in spec)) ? "scope" : "on";
}
