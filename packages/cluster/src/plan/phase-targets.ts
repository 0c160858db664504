import type { PhaseName, PlainProblem } from "@outrigger/plugin";
import { type ResolvedTargets, resolveTargets, type TargetScene, targetsAt } from "../files/targets.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Target } from "../model/target.ts";
import type { MomentFacts } from "../phases/moments.ts";
import type { PluginType } from "../plugins/plugin-type.ts";

type Outcome = ResolvedTargets | { readonly problem: PlainProblem };

/** Says where a plug-in runs at a phase: where its type must, else where its targets say, else where the phase does. */
export function phaseTargets(
  scene: TargetScene,
  master0: string,
): (plugin: ClusterPlugin, type: PluginType, phase: PhaseName, facts: MomentFacts) => Outcome {
  const once: ResolvedTargets = { hosts: [master0], lateSelectors: [] };
  const known = new Map<readonly Target[], ResolvedTargets>();
  return (plugin, type, phase, { kubernetes }) => {
    if (type.place === "master0") return once;
    const targets = targetsAt(plugin, phase);
    const resolved = known.get(targets) ?? resolveTargets(targets, scene);
    known.set(targets, resolved);
    const [unanswered] = resolved.lateSelectors;
    return unanswered === undefined || kubernetes ? resolved : { problem: unansweredProblem(unanswered, phase) };
  };
}

function unansweredProblem(selector: string, phase: PhaseName): PlainProblem {
  return {
    path: ["spec", "on"],
    code: "unknown-reference",
    message: `No host is known to be labelled ${selector}, and at ${phase} there is no Kubernetes API to ask.`,
    found: selector,
    hint: "Give hosts the label in the Clusterfile (`labels`) or by a LABEL plug-in, or choose a phase at which the API is there: docs/cluster-phases.md.",
  };
}
