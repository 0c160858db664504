import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { PluginDocument } from "@outrigger/cluster";
import { formatProblem, type Problem } from "@outrigger/plugin";
import { cliErrors } from "../errors.ts";
import { say } from "../output/print.ts";
import { fileReason, readTextFile } from "../read-file.ts";

/** The Plugin documents of a folder's YAML files, by file name, or of one file. Warnings are said. @throws file-unreadable, manifest-invalid */
export async function readPluginFolder(path: string): Promise<readonly PluginDocument[]> {
  const { readPluginDocuments } = await import("@outrigger/cluster");
  const files = await yamlFiles(resolve(path));
  const problems: Problem[] = [];
  const documents: PluginDocument[] = [];
  for (const file of files) {
    const reading = readPluginDocuments(readTextFile(file), file, { from: "folder", file });
    if (!reading.ok) {
      problems.push(...reading.problems);
      continue;
    }
    for (const warning of reading.value.warnings) say(`warning: ${formatProblem(warning)}`);
    documents.push(...reading.value.documents);
  }
  if (problems.length === 0) return documents;
  const { manifestInvalid } = await import("@outrigger/plugin");
  throw manifestInvalid(path, problems);
}

async function yamlFiles(path: string): Promise<readonly string[]> {
  if (/\.ya?ml$/.test(path)) return [path];
  try {
    const names = await readdir(path);
    return names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw cliErrors["file-unreadable"]({ file: path, reason: fileReason(error) }, { cause: error });
  }
}
