import { type ClusterPluginSummary, clusterImageAnnotations } from "@outrigger/registry";
import { formatTarget } from "../../files/targets.ts";
import type { PluginDocument } from "../../model/plugin-document.ts";
import type { ImageRecord } from "../image-record.ts";

/** What `inspect` shows of an image's plug-ins. */
export function summaryOf({ name, given, origin }: PluginDocument): ClusterPluginSummary {
  return {
    name,
    type: given.type ?? "",
    phases: given.phases ?? [],
    targets: (given.targets ?? []).map(formatTarget),
    privileges: given.privileges ?? [],
    path: origin.from === "image" ? origin.path : origin.file,
  };
}

/** The annotations of a cluster image's manifest, by which it is known without its configuration or layers. */
export function annotationsOf(
  record: ImageRecord,
  plugins: readonly PluginDocument[],
  others: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return {
    [clusterImageAnnotations.kind]: record.kind,
    [clusterImageAnnotations.commands]: JSON.stringify(record.commands),
    [clusterImageAnnotations.plugins]: JSON.stringify(plugins.map(summaryOf)),
    ...others,
  };
}
