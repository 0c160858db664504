import { nearest, type Problem } from "@outrigger/plugin";
import { type FileTree, treeFiles } from "@outrigger/registry";
import { lintPlugins } from "../../files/lint-plugins.ts";
import { placePluginProblem } from "../../files/places.ts";
import type { PluginDocument } from "../../model/plugin-document.ts";
import { builtInTypes } from "../../plugins/built-in/built-in-types.ts";
import type { PluginType } from "../../plugins/plugin-type.ts";
import type { ImageRecord } from "../image-record.ts";
import { pluginEntries, readDocuments, textOf } from "../plugin-files.ts";
import type { ImageFinding } from "./finding.ts";
import { shellFindings } from "./script-rules.ts";

/** A type whose code comes along: what it says of its data is known when it runs. */
const brought: PluginType = { type: "", kind: "called", privileges: [], check: () => [], run: async () => {} };

/** All documents of plug-ins can be read, have names of their own, types that are built in or come along, and data that their types take. */
export async function pluginFindings(tree: FileTree, found: ImageRecord["documents"]): Promise<readonly ImageFinding[]> {
  const { documents, problems, warnings } = readDocuments(found, "");
  const as = (severity: ImageFinding["severity"], all: readonly Problem[]): readonly ImageFinding[] =>
    all.map((each) => ({ severity, ...each }));
  return [
    ...as("error", problems),
    ...as("warning", warnings),
    ...as("error", lintPlugins(documents, { get: (type) => builtInTypes.get(type) ?? brought })),
    ...as("error", await unknownTypes(tree, documents)),
    ...(await shellFindings(documents)),
  ];
}

async function unknownTypes(tree: FileTree, documents: readonly PluginDocument[]): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  let modules: ReadonlySet<string> | undefined;
  for (const document of documents) {
    const { type, entry } = document.given;
    if (type === undefined || builtInTypes.has(type) || (await hasCode(tree, document, entry?.path))) continue;
    modules ??= await typesOfModules(tree);
    if (modules.has(type)) continue;
    const meant = nearest(type, [...builtInTypes.keys(), ...modules]);
    const hint = meant === undefined ? "Bring its module or program beside the document." : `Did you mean ${meant}?`;
    const message = `No plug-in has the type ${type}: it is not built in, and nothing in the image brings it.`;
    problems.push(placePluginProblem(document, { path: ["spec", "type"], code: "unknown-reference", message, found: type, hint }));
  }
  return problems;
}

/** Is there the file that the document names, or one that is named like the plug-in? */
async function hasCode(tree: FileTree, { name, origin }: PluginDocument, entry: string | undefined): Promise<boolean> {
  const files = treeFiles(tree);
  const folder = origin.from === "image" ? origin.path.slice(0, origin.path.lastIndexOf("/")) : "plugins";
  const isFile = (path: string): boolean => files.follow(path)?.kind === "file";
  if (entry !== undefined) return isFile(entry) || isFile(`${folder}/${entry}`);
  const stem = name.replace(/\.so$/, "");
  return [name, stem, ...["ts", "mts", "js", "mjs"].map((ending) => `${stem}.${ending}`)].some((each) => isFile(`${folder}/${each}`));
}

/** The types that modules export as `pluginType`, read as text: nothing of an image is run when it is checked. */
async function typesOfModules(tree: FileTree): Promise<ReadonlySet<string>> {
  const files = treeFiles(tree);
  const types = new Set<string>();
  for (const entry of pluginEntries(tree)) {
    if (entry.kind !== "file" || entry.size > 4 * 2 ** 20 || !/^[^/]+\/[^/]+\.(ts|mts|js|mjs)$/.test(entry.path)) continue;
    for (const [, type = ""] of (await textOf(files, entry)).matchAll(/\bpluginType\b[^="'`]*=\s*["'`]([A-Z][A-Z0-9_]*)["'`]/g))
      types.add(type);
  }
  return types;
}
