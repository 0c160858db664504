import type { PlainProblem, Problem } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";

/** Puts a problem of a plug-in where its path (from `spec` on) stands: its line where the document was read in this process, else the document's first. */
export function placePluginProblem(plugin: ClusterPlugin | PluginDocument, problem: PlainProblem): Problem {
  throw clusterErrors["not-built"]({ what: `placePluginProblem ${plugin.name} ${problem.code}` });
}
