import type { Problem, Reading } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { OriginFile } from "../model/origin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";

export interface PluginDocuments {
  readonly documents: readonly PluginDocument[];
  readonly warnings: readonly Problem[];
}

/** Reads a YAML file of Plugin documents in Sealer's dialects or ours, or a plugin.yaml of the layer `cluster`. Never throws for bad text. */
export function readPluginDocuments(text: string, file: string, origin: OriginFile): Reading<PluginDocuments> {
  throw clusterErrors["not-built"]({ what: `readPluginDocuments ${text} ${file} ${origin.from}` });
}
