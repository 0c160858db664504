import type { PhaseName, PlainProblem, Problem } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import type { Target } from "../model/target.ts";

/** What targets are resolved in. */
export interface TargetScene {
  /** All hosts of the cluster. */
  readonly hosts: readonly Host[];
  /** Those of the operation, by ip. */
  readonly touched: readonly string[];
  /** Labels that are known without the Kubernetes API. */
  readonly labelsOf: (host: Host) => Readonly<Record<string, string>>;
}

export interface ResolvedTargets {
  /** By ip, in the cluster's order. */
  readonly hosts: readonly string[];
  /** Selectors with keys that no known label has: only the Kubernetes API can answer them. */
  readonly lateSelectors: readonly string[];
}

/** Reads `on` or `scope`: terms joined by `|` or commas; a term with `=`, `in (...)` or `!` is a label selector with commas of its own. */
export function parseTargets(text: string): { readonly targets: readonly Target[]; readonly problems: readonly PlainProblem[] } {
  throw clusterErrors["not-built"]({ what: `parseTargets ${text}` });
}

/** The text that {@link parseTargets} reads as this target. */
export function formatTarget(target: Target): string {
  throw clusterErrors["not-built"]({ what: `formatTarget ${target.kind}` });
}

/** Where a plug-in's targets count at a phase; empty: all hosts of the operation. */
export function targetsAt(plugin: Pick<ClusterPlugin, "targets" | "scoped">, phase: PhaseName): readonly Target[] {
  throw clusterErrors["not-built"]({ what: `targetsAt ${plugin.targets.length} ${phase}` });
}

/** The hosts that targets mean in an operation. Pure. */
export function resolveTargets(targets: readonly Target[], scene: TargetScene): ResolvedTargets {
  throw clusterErrors["not-built"]({ what: `resolveTargets ${targets.length} ${scene.hosts.length}` });
}

/** Targets that mean no host of the whole cluster (roles, addresses), each at its place. Disabled plug-ins don't count. */
export function targetProblems(plugins: readonly ClusterPlugin[], hosts: readonly Host[]): readonly Problem[] {
  throw clusterErrors["not-built"]({ what: `targetProblems ${plugins.length} ${hosts.length}` });
}
