import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { type Problem, type Reading, wordsOf } from "@outrigger/plugin";
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
    const text = await readFile(file, "utf8").catch((error: unknown) => void problems.push(unreadable(document, wordsOf(error))));
    if (typeof text !== "string") continue;
    const reading = readPluginDocuments(text, file, { from: "folder", file });
    if (!reading.ok) problems.push(...reading.problems);
    else {
      const manifest = reading.value.documents.find(({ settings }) => settings !== undefined);
      if (manifest === undefined) problems.push(unreadable(document, `${file} is no plugin.yaml of the layer cluster`));
      else found.set(folder, { ...manifest, given: { ...manifest.given, package: folder } });
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: [...found.values()] };
}

function namesFolder({ given, origin, settings }: PluginDocument): boolean {
  return origin.from !== "image" && settings === undefined && given.package !== undefined && isAbsolute(given.package);
}

function unreadable(document: PluginDocument, reason: string): Problem {
  return placePluginProblem(document, {
    path: ["spec", "package"],
    code: "unknown-reference",
    message: `The package ${document.given.package} can't be read: ${reason}.`,
    found: document.given.package ?? "",
    hint: "Name a folder with a plugin.yaml of the layer cluster.",
  });
}
