import type { Problem } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import type { PluginTypes } from "../plugins/plugin-type.ts";

/** What is wrong with an image's or a folder's plug-ins before any cluster is known: names, types, phases, data. Types' checks get no hosts. */
export function lintPlugins(documents: readonly PluginDocument[], types: Pick<PluginTypes, "get">): readonly Problem[] {
  throw clusterErrors["not-built"]({ what: `lintPlugins ${documents.length} ${typeof types}` });
}
