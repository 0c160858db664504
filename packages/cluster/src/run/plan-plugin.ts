import type { PhaseName } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import { type Operation, timelines } from "../phases/timelines.ts";
import { makePlan } from "../plan/make-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlanInput } from "../plan/plan-input.ts";

export interface PluginPlan {
  readonly plan: Plan;
  /** What the plan is of: the cluster with this plug-in alone. */
  readonly input: PlanInput;
}

/**
 * A plan of one plug-in alone, run by hand in a cluster that is there, on all of its hosts that the plug-in's targets mean.
 *
 * @param wanted a phase of the plug-in; absent: its first
 * @throws phase-not-of-plugin, and what `makePlan` throws
 */
export function planPlugin(given: Omit<PlanInput, "operation" | "touched">, plugin: ClusterPlugin, wanted?: PhaseName): PluginPlan {
  const phase = wanted ?? plugin.phases[0];
  if (phase === undefined || !plugin.phases.includes(phase))
    throw clusterErrors["phase-not-of-plugin"]({ plugin: plugin.name, phase: phase ?? "", phases: plugin.phases.join(", ") });
  const cluster = { ...given.cluster, plugins: [{ ...plugin, phases: [phase], disabled: false }] };
  const input: PlanInput = { ...given, cluster, operation: operationOf(phase) };
  const whole = makePlan(input);
  // Only the last step is left beside the plug-in: it remembers what has run once.
  const stages = whole.stages.filter((stage) => ("phase" in stage ? stage.phase === phase : stage.step === "commit"));
  return { plan: { ...whole, stages }, input };
}

/** An operation of the cluster itself at which the phase comes: its timeline says what is there. */
function operationOf(phase: PhaseName): Operation {
  const operations = (Object.keys(timelines) as readonly Operation[]).filter((each) => each !== "apps");
  return operations.find((each) => timelines[each].some((moment) => "phase" in moment && moment.phase === phase)) ?? "create";
}
