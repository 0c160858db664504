import type { PhaseDefinition, PlainProblem } from "@outrigger/plugin";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import type { Target } from "../model/target.ts";
import type { MomentFacts } from "../phases/moments.ts";
import type { PluginType } from "../plugins/plugin-type.ts";
import type { ResolvedTargets } from "./plugin-entries.ts";
import { resolveTargets } from "./targets-stand-in.ts";

interface Hosts {
  readonly hosts: readonly Host[];
  readonly touched: readonly Host[];
  readonly master0: Host;
  readonly labelsOf: (host: Host) => Readonly<Record<string, string>>;
}

type Outcome = ResolvedTargets | { readonly problem: PlainProblem };

/** Says where a plug-in runs at a phase: where its targets say, else where the phase does. */
export function phaseTargets(
  hosts: Hosts,
): (plugin: ClusterPlugin, type: PluginType, scope: PhaseDefinition["scope"], facts: MomentFacts) => Outcome {
  const touched = hosts.touched.map(({ ip }) => ip);
  const context = { hosts: hosts.hosts, touched, labelsOf: hosts.labelsOf };
  const master0: ResolvedTargets = { hosts: [hosts.master0.ip], lateSelectors: [] };
  const all: ResolvedTargets = { hosts: touched, lateSelectors: [] };
  const known = new Map<readonly Target[], ReturnType<typeof resolveTargets>>();
  return ({ targets }, type, scope, { kubernetes }) => {
    if (type.place === "master0") return master0;
    if (targets.length === 0) return scope === "master0" ? master0 : all;
    const resolved = known.get(targets) ?? resolveTargets(targets, context);
    known.set(targets, resolved);
    const [unmatched] = resolved.unmatched;
    if (unmatched !== undefined) return { problem: unmatchedProblem(unmatched, hosts.hosts) };
    return { hosts: resolved.hosts, lateSelectors: kubernetes ? resolved.lateSelectors : [] };
  };
}

function unmatchedProblem(target: Target, hosts: readonly Host[]): PlainProblem {
  const roles = [...new Set(hosts.flatMap((host) => host.roles))].join(", ");
  const text = formatTarget(target);
  return {
    path: ["spec", "on"],
    code: "unknown-reference",
    message: `No host of the cluster is ${text}.`,
    found: text,
    hint: `Its roles are ${roles}; its hosts ${hosts.length > 8 ? `${hosts.length}, from ${hosts[0]?.ip}` : hosts.map(({ ip }) => ip).join(", ")}.`,
  };
}

/** As a Plugin document spells it. */
export function formatTarget(target: Target): string {
  if (target.kind === "role") return target.role;
  if (target.kind === "master0") return "master0";
  if (target.kind === "labels") return target.selector;
  return target.from === target.to ? target.from : `${target.from}-${target.to}`;
}
