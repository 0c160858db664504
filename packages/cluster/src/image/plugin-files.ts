import { formatProblem, type Problem } from "@outrigger/plugin";
import { type FileEntry, type FileTree, type TreeFiles, treeFiles } from "@outrigger/registry";
import { clusterErrors } from "../errors.ts";
import { readPluginDocuments } from "../files/plugin-documents.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import type { ImageRecord } from "./image-record.ts";

/** Folders of a rootfs that hold plug-ins: Sealer's older name, which its documentation kept, then the one that it looked for later. */
export const pluginFolders = ["plugin", "plugins"] as const;

type Documents = ImageRecord["documents"];

/** What all documents of an image may have together: they are part of its configuration. */
const mostText = 2 * 2 ** 20;

/** The files in the folders of plug-ins, with their paths in the rootfs. */
export function pluginEntries(tree: FileTree): readonly FileEntry[] {
  return tree.entries.filter(({ path }) => pluginFolders.some((folder) => path.startsWith(`${folder}/`)));
}

/** Files in the folders of plug-ins, and the plugin.yaml of the folders in them. */
export const documentPath: RegExp = /^[^/]+\/([^/]+\.ya?ml|[^/]+\/plugin\.ya?ml)$/;

/** The YAML files of plug-ins, by their names. @throws cluster-image-wrong where they are too large */
export async function documentsOf(tree: FileTree): Promise<Documents> {
  const files = treeFiles(tree);
  const found = pluginEntries(tree)
    .filter(({ path }) => documentPath.test(path))
    .toSorted((a, b) => compare(inFolder(a.path), inFolder(b.path)) || compare(a.path, b.path));
  let size = 0;
  const documents: { path: string; text: string }[] = [];
  for (const { path } of found) {
    const file = files.follow(path);
    if (file === undefined || file.kind !== "file") continue;
    size += file.size;
    if (size > mostText) {
      throw clusterErrors["cluster-image-wrong"]({
        image: path,
        reason: "plug-ins' documents have more than 2 MiB; put data into files of the image",
      });
    }
    documents.push({ path, text: await textOf(files, file) });
  }
  return documents;
}

/** The text of a file of a tree. */
export async function textOf({ tree }: TreeFiles, file: FileEntry): Promise<string> {
  return Buffer.concat(await Array.fromAsync(tree.content(file), (piece) => Buffer.from(piece))).toString("utf8");
}

export interface ReadDocuments {
  readonly documents: readonly PluginDocument[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads the documents of an image. @param place how messages name a file */
export function readDocuments(found: Documents, image: string, place: (path: string) => string = (path) => path): ReadDocuments {
  const readings = found.map(({ path, text }) => readPluginDocuments(text, place(path), { from: "image", image, path }));
  return {
    documents: asPackages(readings.flatMap((reading) => (reading.ok ? reading.value.documents : []))),
    problems: readings.flatMap((reading) => (reading.ok ? [] : reading.problems)),
    warnings: readings.flatMap((reading) => (reading.ok ? reading.value.warnings : [])),
  };
}

/** A plugin.yaml in a folder that a document names as its `package` is what that one builds on, and no plug-in by itself. */
function asPackages(documents: readonly PluginDocument[]): readonly PluginDocument[] {
  const wanted = new Set(documents.flatMap(({ settings, given }) => (settings === undefined ? (given.package ?? []) : [])));
  return documents.map((document) => {
    const { settings, given, origin } = document;
    const folder = origin.from === "image" ? origin.path.slice(0, origin.path.lastIndexOf("/")) : "";
    return settings !== undefined && wanted.has(folder) ? { ...document, given: { ...given, package: folder } } : document;
  });
}

/** The documents of an image that was built and checked. @throws cluster-image-wrong for one that a later version of ours, or nobody, can read */
export function trustedDocuments(found: Documents, image: string): readonly PluginDocument[] {
  const { documents, problems } = readDocuments(found, image);
  const [first] = problems;
  if (first === undefined) return documents;
  throw clusterErrors["cluster-image-wrong"]({ image, reason: formatProblem(first) }, { problems });
}

/** The names of the files directly in `scripts/`. */
export function scriptsOf(tree: FileTree): readonly string[] {
  return tree.entries.flatMap(({ path, kind }) => (kind !== "directory" && /^scripts\/[^/]+$/.test(path) ? nameOf(path) : []));
}

/** `plugins/a/plugin.yaml` -> `a/plugin.yaml` */
function inFolder(path: string): string {
  return path.slice(path.indexOf("/") + 1);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
