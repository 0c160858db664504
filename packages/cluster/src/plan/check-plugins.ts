import { isOutriggerError, type PhaseName, type PlainProblem, type Problem, wordsOf } from "@outrigger/plugin";
import { placePluginProblem } from "../files/places.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Host } from "../model/host.ts";
import type { PluginType, PluginTypes } from "../plugins/plugin-type.ts";

/** A plug-in that is switched on, with its type. */
export interface TypedPlugin {
  readonly plugin: ClusterPlugin;
  readonly type: PluginType;
}

/** The types of all plug-ins that are switched on, and everything that these find wrong with them. */
export function checkPlugins(
  plugins: readonly ClusterPlugin[],
  hosts: readonly Host[],
  types: PluginTypes,
): { readonly typed: readonly TypedPlugin[]; readonly problems: readonly Problem[] } {
  const typed: TypedPlugin[] = [];
  const problems: Problem[] = [];
  for (const plugin of plugins.filter(({ disabled }) => !disabled)) {
    const type = typeOf(plugin, types);
    if ("code" in type) {
      problems.push(placePluginProblem(plugin, type));
      continue;
    }
    typed.push({ plugin, type });
    const found = [...phaseProblems(plugin.phases, type), ...type.check(plugin, hosts)];
    problems.push(...found.map((problem) => placePluginProblem(plugin, problem)));
  }
  return { typed, problems };
}

function typeOf({ type }: ClusterPlugin, types: PluginTypes): PluginType | PlainProblem {
  try {
    return types.get(type);
  } catch (error) {
    if (!isOutriggerError(error)) throw error;
    return { path: ["spec", "type"], code: "unknown-reference", message: wordsOf(error), found: type, hint: error.hint };
  }
}

function phaseProblems(phases: readonly PhaseName[], { type, phases: allowed }: PluginType): readonly PlainProblem[] {
  if (allowed === undefined) return [];
  return phases
    .filter((phase) => !allowed.includes(phase))
    .map((phase) => ({
      path: ["spec", "action"],
      code: "wrong-value",
      message: `${type} can't run at ${phase}.`,
      found: phase,
      expected: allowed.join(", "),
      hint: `It can at ${allowed.join(", ")}.`,
    }));
}
