import { formatPath, type PlainProblem, type Problem } from "@outrigger/plugin";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { Origin } from "../model/origin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";

/** What a plug-in was read from. */
export interface ReadFrom {
  readonly value: unknown;
  readonly place: (problem: PlainProblem) => Problem;
}

/** Kept beside the model, which is plain data: documents that an image's annotations hold have no text to point into. */
const sources = new WeakMap<ClusterPlugin | PluginDocument, readonly ReadFrom[]>();

/** @param from the nearest first: a field stands in the first that has it */
export function rememberSources(plugin: ClusterPlugin | PluginDocument, from: readonly ReadFrom[]): void {
  sources.set(plugin, from);
}

export function sourcesOf(plugin: ClusterPlugin | PluginDocument): readonly ReadFrom[] {
  return sources.get(plugin) ?? [];
}

/** Puts a problem of a plug-in where its path (from `spec` on) stands: its line where the document was read in this process, else the document's first. */
export function placePluginProblem(plugin: ClusterPlugin | PluginDocument, problem: PlainProblem): Problem {
  const ranked = sourcesOf(plugin).toSorted((a, b) => depthOf(b.value, problem.path) - depthOf(a.value, problem.path));
  const [source] = ranked;
  if (source !== undefined) return source.place(problem);
  return { ...problem, file: fileOf(plugin.origin), line: plugin.origin.line, column: 1, path: formatPath(problem.path) };
}

/** How many steps of a path a value has. */
function depthOf(value: unknown, path: readonly PropertyKey[]): number {
  let at = value;
  for (const [depth, key] of path.entries()) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return depth;
    at = (at as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return path.length;
}

function fileOf(origin: Origin): string {
  return origin.from === "image" ? `image ${origin.image} ${origin.path}` : origin.file;
}
