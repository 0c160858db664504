import { type PhaseName, type PlainProblem, phaseNames } from "@outrigger/plugin";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import { momentsOf } from "../../phases/moments.ts";
import { type Operation, timelines } from "../../phases/timelines.ts";

const moments = (Object.keys(timelines) as Operation[]).flatMap(momentsOf);

/** Phases at which the cluster's API is there, in whichever operation they come. */
export const phasesWithApi: readonly PhaseName[] = phaseNames.filter((phase) =>
  moments.every(({ moment, kubernetes }) => kubernetes || !("phase" in moment) || moment.phase !== phase),
);

/** A mistake in `spec.data`. */
export function dataProblem(code: PlainProblem["code"], message: string, hint: string): PlainProblem {
  return { path: ["spec", "data"], code, message, hint };
}

/** Targets of a type whose data, or nature, says which hosts it is about. `master0` is taken: that is where its work goes through. */
export function unusedTargets(plugin: ClusterPlugin, where: string): readonly PlainProblem[] {
  if (plugin.targets.every(({ kind }) => kind === "master0")) return [];
  return [
    {
      path: ["spec", "on"],
      code: "wrong-value",
      message: `A plug-in of the type ${plugin.type} has no targets: ${where}.`,
      hint: "Remove `on`.",
    },
  ];
}
