import {
  appliesTo,
  type ConfigGroup,
  type ConfigItem,
  checkItemValue,
  checkPattern,
  checkValues,
  hasReference,
  isSealed,
  ownValue,
  type PlainProblem,
  portsOf,
  type ScopedPort,
  type StoredValue,
  type ValueScope,
  valueToText,
} from "@outrigger/plugin";
import type { PodInstallation } from "./compose-input.ts";
import type { PodFact, SettingSecret, Variable } from "./pod.ts";
import { type Expanded, expand, type Report, type SharedVariables, toVariable } from "./variables.ts";

/** A setting ready for use: its text, or where its secret is. */
export type ResolvedValue = Expanded | SettingSecret;

/** A discovery group's settings for one port, or for the plug-in itself where `port` is absent. */
export interface ResolvedSettings {
  readonly group: ConfigGroup;
  readonly port?: ScopedPort;
  readonly options: readonly (readonly [name: string, value: ResolvedValue])[];
}

/** Checks an installation's values against its items and resolves them: given, else default, else absent. */
export function resolveValues(
  installation: PodInstallation,
  scope: ValueScope,
  shared: SharedVariables,
  path: readonly PropertyKey[],
  report: Report,
): readonly ResolvedSettings[] {
  const config = installation.spec.config;
  const wrong = checkValues(config, installation.values, scope);
  for (const problem of wrong) report({ ...problem, path: [...path, "values", ...problem.path] });
  if (wrong.length > 0) return [];
  const lookUp = (name: string): Expanded | undefined => shared.get(name);
  const resolve = (
    group: ConfigGroup,
    item: ConfigItem,
    value: StoredValue | undefined,
    at: readonly PropertyKey[],
    port: ScopedPort | undefined,
  ): ResolvedValue | undefined => {
    const chosen = value ?? item.default;
    if (chosen === undefined) return undefined;
    if (item.type === "secret") {
      const place = { plugin: installation.plugin, group: group.group, item: item.name, ...(port && { port: port.key }) };
      return { ...place, digest: isSealed(chosen) ? chosen.digest : "" };
    }
    if (typeof chosen === "object" && !Array.isArray(chosen)) return undefined;
    const text = valueToText(chosen as string);
    const expanded = expand(text, lookUp, at, report);
    const late = hasReference(text) ? checkExpanded(item, expanded) : undefined;
    if (late !== undefined) report({ ...late, path: at });
    return expanded;
  };
  const settings = (
    group: ConfigGroup,
    given: Readonly<Record<string, unknown>>,
    at: readonly PropertyKey[],
    port?: ScopedPort,
  ): ResolvedSettings => ({
    group,
    ...(port === undefined ? {} : { port }),
    options: group.items.flatMap((item) => {
      if (port !== undefined && !appliesTo(item, port.port)) return [];
      const value = resolve(group, item, ownValue(given, item.name) as StoredValue | undefined, [...at, item.name], port);
      return value === undefined ? [] : [[item.name, value] as const];
    }),
  });
  return config.flatMap((group) => {
    const given = (ownValue(installation.values, group.group) ?? {}) as Readonly<Record<string, unknown>>;
    const at = [...path, "values", group.group];
    if (group.dependsOn === "none") return [settings(group, given, at)];
    return portsOf(group, scope).map((port) =>
      settings(group, (ownValue(given, port.key) ?? {}) as Readonly<Record<string, unknown>>, [...at, port.key], port),
    );
  });
}

/** The plug-in's own variables: the settings of its env groups. */
export function ownVariables(settings: readonly ResolvedSettings[]): readonly Variable[] {
  return settings
    .filter(({ group }) => group.inject === "env")
    .flatMap(({ options }) => options.map(([name, value]) => (isSecret(value) ? { name, secret: value } : toVariable(name, value))));
}

export function isSecret(value: ResolvedValue): value is SettingSecret {
  return typeof value === "object" && "digest" in value;
}

/** What named a variable could be checked only now; a fact, which is known only where the pod runs, is checked by an example of it. */
function checkExpanded(item: ConfigItem, expanded: Expanded): Omit<PlainProblem, "path"> | undefined {
  if (item.type === "string") return checkPattern(item, typeof expanded === "string" ? expanded : expanded.map(exampleOf).join(""));
  if (typeof expanded !== "string") return undefined;
  if (item.type === "integer") return checkItemValue(item, /^-?\d+$/.test(expanded) ? Number(expanded) : `not ${expanded}`);
  return item.type === "single" ? checkItemValue(item, expanded) : undefined;
}

const examples: Readonly<Record<PodFact, string>> = {
  "pod.name": "pod",
  "pod.ip": "10.0.0.1",
  "pod.namespace": "team",
  "node.name": "node",
  "node.ip": "10.0.0.1",
  "discovery.host": "10.0.0.1",
};

function exampleOf(part: string | { readonly fact: PodFact }): string {
  return typeof part === "string" ? part : examples[part.fact];
}
