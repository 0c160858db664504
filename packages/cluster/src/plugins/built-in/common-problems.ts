import type { PhaseName, PlainProblem } from "@outrigger/plugin";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";

/** Phases in which some part of the cluster's API can be up: all but those before it is created and those after a host is cleaned. */
export const phasesWithApi: readonly PhaseName[] = [
  "PreInstall",
  "post-init-host",
  "post-install",
  "PreGuest",
  "PostGuest",
  "PostInstall",
  "pre-scaleup",
  "PreJoin",
  "post-scaleup",
  "PostJoin",
  "PreUpgrade",
  "upgrade-host",
  "upgrade",
  "PostUpgrade",
  "PreRollback",
  "rollback",
  "PostRollback",
  "pre-uninstall",
  "PreClean",
  "pre-clean-host",
];

/** A mistake in `spec.data`. */
export function dataProblem(code: PlainProblem["code"], message: string, hint: string): PlainProblem {
  return { path: ["spec", "data"], code, message, hint };
}

/** Fields that a built-in type gives no meaning. */
export function unusedFields(plugin: ClusterPlugin, ...used: readonly ("undo" | "strict")[]): readonly PlainProblem[] {
  const given = {
    undo: plugin.undo !== undefined && !used.includes("undo"),
    strict: !plugin.strict && !used.includes("strict"),
    entry: plugin.entry !== undefined,
    values: plugin.values !== undefined,
  };
  return Object.entries(given).flatMap(([field, is]): readonly PlainProblem[] =>
    is
      ? [
          {
            path: ["spec", field],
            code: "unknown-key",
            message: `A plug-in of the type ${plugin.type} has no \`${field}\`.`,
            hint: "Remove it.",
          },
        ]
      : [],
  );
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
