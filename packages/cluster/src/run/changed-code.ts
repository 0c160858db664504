import { makePlan } from "../plan/make-plan.ts";
import type { PlanInput } from "../plan/plan-input.ts";
import { codeOf, type FrozenRun } from "./frozen-run.ts";

/** A run whose plug-ins' code is another than when it began: their tasks have the digests of the code that is there now, and so are done again. */
export interface RunWithChangedCode {
  readonly frozen: FrozenRun;
  /** Types. */
  readonly changed: readonly string[];
}

/** @returns undefined where all code is as it was @throws plugins-invalid where the code that is there now refuses what the run was planned with */
export function withChangedCode(frozen: FrozenRun, input: PlanInput): RunWithChangedCode | undefined {
  const { plan, code: before = {} } = frozen;
  const code = codeOf(plan, input.types);
  const changed = Object.keys(code).filter((type) => before[type] !== undefined && before[type] !== code[type]);
  if (changed.length === 0) return undefined;
  const now = new Map(
    makePlan(input).stages.flatMap(({ entries }) => entries.flatMap(({ tasks }) => tasks.map(({ id, digest }) => [id, digest]))),
  );
  const stages = plan.stages.map((stage) => ({
    ...stage,
    entries: stage.entries.map((entry) =>
      "plugin" in entry && changed.includes(entry.plugin.type)
        ? { ...entry, tasks: entry.tasks.map((task) => ({ ...task, digest: now.get(task.id) ?? task.digest })) }
        : entry,
    ),
  }));
  return { frozen: { ...frozen, plan: { ...plan, stages }, code }, changed };
}
