import { nearest, type Problem } from "@outrigger/plugin";
import { type FileTree, treeFiles } from "@outrigger/registry";
import { placePluginProblem } from "../../files/places.ts";
import type { PluginDocument } from "../../model/plugin-document.ts";
import type { ImageRecord } from "../image-record.ts";
import { pluginEntries, readDocuments, textOf } from "../plugin-files.ts";
import type { ImageFinding } from "./finding.ts";
import { shellFindings } from "./script-rules.ts";

const builtIn = ["SHELL", "HOSTNAME", "LABEL", "TAINT", "ETCD", "CLUSTERCHECK"];

/** All documents of plug-ins can be read, have names of their own, and types that are built in or come along. */
export async function pluginFindings(tree: FileTree, found: ImageRecord["documents"]): Promise<readonly ImageFinding[]> {
  const { documents, problems, warnings } = readDocuments(found, "");
  const as = (severity: ImageFinding["severity"], all: readonly Problem[]): readonly ImageFinding[] =>
    all.map((each) => ({ severity, ...each }));
  return [
    ...as("error", problems),
    ...as("warning", warnings),
    ...as("error", sameNames(documents)),
    ...as("error", await unknownTypes(tree, documents)),
    ...(await shellFindings(documents)),
  ];
}

function sameNames(documents: readonly PluginDocument[]): readonly Problem[] {
  const first = new Map<string, PluginDocument>();
  return documents.flatMap((document) => {
    const other = first.get(document.name);
    if (other === undefined) {
      first.set(document.name, document);
      return [];
    }
    const place = other.origin.from === "image" ? `${other.origin.path}:${other.origin.line}` : "";
    const message = `Another plug-in has the name ${document.name}, at ${place}.`;
    return [
      placePluginProblem(document, { path: ["metadata", "name"], code: "duplicate-name", message, hint: "Give each a name of its own." }),
    ];
  });
}

async function unknownTypes(tree: FileTree, documents: readonly PluginDocument[]): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  let brought: ReadonlySet<string> | undefined;
  for (const document of documents) {
    const { type, entry } = document.given;
    if (type === undefined || builtIn.includes(type) || (await hasCode(tree, document, entry?.path))) continue;
    brought ??= await typesOfModules(tree);
    if (brought.has(type)) continue;
    const meant = nearest(type, [...builtIn, ...brought]);
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
