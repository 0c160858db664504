import {
  type PlainProblem,
  type PluginManifest,
  type Problem,
  pluginManifestField,
  problemsOf,
  type SourceDocument,
} from "@outrigger/plugin";
import type { Origin } from "../model/origin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { located, targetsOf } from "./plugin-given.ts";
import { builtInTypes } from "./plugin-schema.ts";

/** A plugin.yaml of the layer `cluster` as a document: what it says of type, phases, targets and code, which other documents build on. */
export function manifestDocument(
  source: SourceDocument,
  origin: Origin,
): { readonly document: PluginDocument } | { readonly problems: readonly Problem[] } {
  const parsed = pluginManifestField.safeParse(source.value);
  if (!parsed.success) return { problems: problemsOf(pluginManifestField, source.value, parsed.error.issues).map(source.place) };
  const problems: Problem[] = [];
  const document = documentOf(parsed.data, origin, (problem) => problems.push(source.place(problem)));
  return document === undefined || problems.length > 0 ? { problems } : { document };
}

function documentOf({ metadata, spec }: PluginManifest, origin: Origin, say: (problem: PlainProblem) => void): PluginDocument | undefined {
  if (spec.layer !== "cluster") {
    const message = `A plug-in of the layer ${spec.layer} is not for clusters.`;
    say({ path: ["spec", "layer"], code: "wrong-value", message, found: spec.layer, expected: "cluster" });
    return undefined;
  }
  const { type, entry, phases, targets, privileges } = spec.cluster;
  const at = (field: string): readonly PropertyKey[] => ["spec", "cluster", field];
  if (builtInTypes.includes(type)) say({ path: at("type"), code: "duplicate-name", message: `The type ${type} is built in.`, found: type });
  return {
    name: metadata.name,
    given: {
      type,
      phases: [...new Set(phases)],
      privileges,
      entry: { origin, path: located(entry, origin, at("entry"), say) },
      ...(targets === undefined ? {} : { targets: targetsOf(targets, at("targets"), say), scoped: false }),
    },
    settings: spec.config,
    origin,
  };
}
