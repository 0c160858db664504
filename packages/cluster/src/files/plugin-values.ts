import { type ConfigGroup, type ConfigValues, checkValues, type GroupValues, type PlainProblem } from "@outrigger/plugin";

import { secretPlace } from "./secrets.ts";

/** Values over values, setting by setting. */
export function mergeValues(under: ConfigValues, over: ConfigValues): ConfigValues {
  const groups = Object.entries(over).map(([group, values]): [string, GroupValues] => [
    group,
    Object.hasOwn(under, group) ? { ...under[group], ...values } : values,
  ]);
  return { ...under, ...Object.fromEntries(groups) };
}

/** Values with the defaults of settings that have one; undefined where there is neither. */
export function filledValues(settings: readonly ConfigGroup[] | undefined, given: ConfigValues | undefined): ConfigValues | undefined {
  if (settings === undefined) return given;
  const defaults = settings.map(({ group, items }): [string, GroupValues] => [
    group,
    Object.fromEntries(items.flatMap(({ name, default: usual }) => (usual === undefined ? [] : [[name, usual]]))),
  ]);
  return mergeValues(Object.fromEntries(defaults), given ?? {});
}

/** Paths begin at `spec`. */
export function valueProblems(settings: readonly ConfigGroup[] | undefined, given: ConfigValues | undefined): readonly PlainProblem[] {
  if (settings === undefined && given === undefined) return [];
  if (settings === undefined) {
    const message = "There are no settings to give values for: no plugin.yaml belongs to this plug-in.";
    return [
      {
        path: ["spec", "values"],
        code: "unknown-key",
        message,
        found: "values",
        hint: "Give `data`, or name the `package` that has settings.",
      },
    ];
  }
  const problems = checkValues(settings, given ?? {}, { ports: [], downstream: [] });
  return [...problems, ...secretsInClear(settings, given ?? {})].map((problem) => ({
    ...problem,
    path: ["spec", "values", ...problem.path],
  }));
}

/** The settings that are secret, as `[group, item]`. */
export function secretSettings(settings: readonly ConfigGroup[] | undefined): readonly (readonly [group: string, item: string])[] {
  return (settings ?? []).flatMap(({ group, items }) =>
    items.flatMap(({ name, type }) => (type === "secret" ? [[group, name] as const] : [])),
  );
}

/** What a cluster is made of is kept on this machine and on its masters: values that are secret say where the secret is. */
function secretsInClear(settings: readonly ConfigGroup[], given: ConfigValues): readonly PlainProblem[] {
  return secretSettings(settings)
    .filter(([group, item]) => Object.hasOwn(given[group] ?? {}, item) && secretPlace(String(given[group]?.[item])) === undefined)
    .map(([group, item]) => ({
      path: [group, item],
      code: "secret-in-clear",
      message: `${item} is a secret, and stands here in clear.`,
      hint: "Write `file:PATH` or `env:NAME`: it is read when the plug-in is called, and kept nowhere.",
    }));
}
