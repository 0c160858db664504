import { isOutriggerError, type Problem } from "@outrigger/plugin";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import type { PluginType, PluginTypes } from "../plugins/plugin-type.ts";
import { byPlace } from "./document-fields.ts";
import { mergePlugins } from "./merge-plugins.ts";
import { placePluginProblem } from "./places.ts";

/**
 * What is wrong with an image's or a folder's plug-ins before any cluster is known: names, types, phases, data. Types' checks get no hosts, so they say
 * nothing of addresses that a cluster may have.
 */
export function lintPlugins(documents: readonly PluginDocument[], types: Pick<PluginTypes, "get">): readonly Problem[] {
  const merged = mergePlugins(documents, []);
  return merged.ok ? byPlace(merged.value.flatMap((plugin) => typeProblems(plugin, types, []))) : merged.problems;
}

/** What a plug-in's type says of it: unknown, not at these phases, data that is wrong. */
export function typeProblems(
  plugin: ClusterPlugin,
  types: Pick<PluginTypes, "get">,
  hosts: Parameters<PluginType["check"]>[1],
): readonly Problem[] {
  let type: PluginType;
  try {
    type = types.get(plugin.type);
  } catch (error) {
    if (!isOutriggerError(error)) throw error;
    return [
      placePluginProblem(plugin, {
        path: ["spec", "type"],
        code: "unknown-reference",
        message: error.message,
        found: plugin.type,
        hint: error.hint,
      }),
    ];
  }
  const usable = type.phases;
  const misplaced = usable === undefined ? [] : plugin.phases.filter((phase) => !usable.includes(phase));
  return [
    ...misplaced.map((phase) =>
      placePluginProblem(plugin, {
        path: ["spec", "action"],
        code: "wrong-value",
        message: `${plugin.type} makes no sense at ${phase}.`,
        found: phase,
        expected: usable?.join(", ") ?? "",
        hint: `It can run at ${usable?.join(", ")}.`,
      }),
    ),
    ...type.check(plugin, hosts).map((problem) => placePluginProblem(plugin, problem)),
  ];
}
