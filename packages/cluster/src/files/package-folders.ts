import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { type Problem, type Reading, wordsOf } from "@outrigger/plugin";
import type { OriginFile } from "../model/origin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { placePluginProblem } from "./places.ts";
import { readPluginDocuments } from "./plugin-documents.ts";

/**
 * The plugin.yaml of each folder on this machine that documents name as their `package`, for {@link mergePlugins}. References to registries, and folders of
 * an image, are left to those who have them.
 */
export async function readPackageFolders(documents: readonly PluginDocument[]): Promise<Reading<readonly PluginDocument[]>> {
  const found = new Map<string, PluginDocument>();
  const problems: Problem[] = [];
  for (const document of documents.filter(namesFolder)) {
    const folder = document.given.package ?? "";
    if (found.has(folder)) continue;
    const file = join(folder, "plugin.yaml");
    const read = await readPackage(document, { from: "folder", file });
    if (read.ok) found.set(folder, read.value);
    else problems.push(...read.problems);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: [...found.values()] };
}

/** The plugin.yaml of a package's folder, as what documents build on that name the package as `document` does. */
export async function readPackage(
  document: PluginDocument,
  origin: Extract<OriginFile, { readonly file: string }>,
): Promise<Reading<PluginDocument>> {
  const { file } = origin;
  const wrong = (reason: string): Reading<PluginDocument> => ({ ok: false, problems: [unreadable(document, reason)] });
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return wrong(wordsOf(error));
  }
  const reading = readPluginDocuments(text, file, origin);
  if (!reading.ok) return reading;
  const manifest = reading.value.documents.find(({ settings }) => settings !== undefined);
  if (manifest === undefined) return wrong(`${file} is no plugin.yaml of the layer cluster`);
  const { package: name } = document.given;
  return { ok: true, value: { ...manifest, given: { ...manifest.given, ...(name === undefined ? {} : { package: name }) } } };
}

function namesFolder({ given, origin, settings }: PluginDocument): boolean {
  return origin.from !== "image" && settings === undefined && given.package !== undefined && isAbsolute(given.package);
}

/** What a package can't be used for, at the document that names it. */
export function unreadable(
  document: PluginDocument,
  reason: string,
  hint = "Name a folder with a plugin.yaml of the layer cluster.",
): Problem {
  return placePluginProblem(document, {
    path: ["spec", "package"],
    code: "unknown-reference",
    message: `The package ${document.given.package} can't be used: ${reason.replace(/\.$/, "")}.`,
    found: document.given.package ?? "",
    hint,
  });
}
