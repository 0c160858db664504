import type { ClusterPluginStatus } from "@outrigger/cluster";
import { paint, stateStyle } from "../output/paint.ts";
import { ageOf, formatTable } from "../output/table.ts";

/** One line for each plug-in of a cluster. */
export function pluginRows(plugins: readonly ClusterPluginStatus[]): string {
  return formatTable(
    [
      { title: "plug-in", cell: ({ plugin }) => plugin },
      { title: "type", cell: ({ type }) => type },
      { title: "state", cell: ({ state }) => paint(stateStyle(state), state) },
      { title: "phases", cell: ({ phases }) => phases.join(", ") },
      { title: "last", cell: ({ last }) => (last === undefined ? "" : `${last.phase}, ${ageOf(last.time)} ago`) },
      { title: "origin", cell: ({ origin }) => origin },
      { title: "reason", cell: ({ reason }) => reason ?? "" },
    ],
    plugins,
  );
}
