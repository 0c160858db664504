import type { PhaseName } from "@outrigger/plugin";
import type { Operation, StepName } from "../phases/timelines.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";

/** What surprises people although nothing is wrong with it. */
export function planWarnings(plan: Omit<Plan, "warnings">, input: PlanInput): readonly string[] {
  return [...missingScripts(plan, input)];
}

/** Steps whose script does what the operation is about, with the phases at which plug-ins could do it instead. */
const mainScripts: readonly {
  readonly operations: readonly Operation[];
  readonly step: StepName;
  readonly phases: readonly PhaseName[];
  readonly consequence: string;
}[] = [
  {
    operations: ["create", "join"],
    step: "join",
    phases: ["PreInit", "PreJoin", "PreInstall", "post-init-host"],
    consequence: "the further hosts are prepared, and nothing makes them part of the cluster",
  },
  {
    operations: ["scale-down"],
    step: "leave",
    phases: ["PreClean", "pre-clean-host"],
    consequence: "the cluster is not told that hosts leave",
  },
  {
    operations: ["upgrade"],
    step: "upgrade",
    phases: ["upgrade-host", "upgrade"],
    consequence: "the new files come to the hosts, and nothing is upgraded",
  },
  {
    operations: ["rollback"],
    step: "rollback",
    phases: ["rollback"],
    consequence: "the former files come to the hosts, and nothing else is rolled back",
  },
];

function missingScripts(plan: Omit<Plan, "warnings">, { image, touched, cluster }: PlanInput): readonly string[] {
  const alone = plan.operation === "create" && (touched ?? cluster.hosts).length < 2;
  return mainScripts
    .filter(({ operations, step }) => operations.includes(plan.operation) && !image.scripts.includes(`${step}.sh`) && !alone)
    .filter(({ phases }) => !plan.stages.some((stage) => "phase" in stage && phases.includes(stage.phase) && stage.entries.length > 0))
    .map(({ step, phases, consequence }) => {
      const known = phases.length === 1 ? phases[0] : `${phases.slice(0, -1).join(", ")} or ${phases.at(-1)}`;
      return `${image.reference} has no scripts/${step}.sh, and no plug-in runs at ${known}: ${consequence}.`;
    });
}
