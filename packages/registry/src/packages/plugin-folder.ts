import type { Stats } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import dockerignore from "@balena/dockerignore";
import { manifestInvalid, type PluginManifest, readPluginManifest } from "@outrigger/plugin";
import { registryErrors } from "../errors.ts";
import { treeOfDirectory } from "../layers/directory-tree.ts";
import type { FileEntry, FileTree } from "../layers/file-tree.ts";

/** Reads a folder's plugin.yaml. @throws package-unpackable, manifest-invalid */
export async function readFolderManifest(folder: string): Promise<PluginManifest> {
  const file = join(folder, "plugin.yaml");
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw registryErrors["package-unpackable"]({ folder, reason: "it has no plugin.yaml that can be read" }, { cause });
  });
  const reading = readPluginManifest(text, file);
  if (!reading.ok) throw manifestInvalid(file, reading.problems);
  return reading.value.value;
}

/**
 * A plug-in's folder as a tree that is the same wherever it was checked out: root's files, 0644 or 0755, each a file of its own; without `.git` and what its
 * `.dockerignore` names.
 * @throws package-unpackable for links and special files
 */
export async function pluginTree(folder: string): Promise<FileTree> {
  const filter = await readFilter(folder);
  const tree = await treeOfDirectory(folder, { owner: { uid: 0, gid: 0 }, attributes: "leave", filter });
  const files = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const entries = tree.entries.map((entry): FileEntry => {
    // Package managers link files of the same content; that is no part of it.
    const file = entry.kind === "hardlink" ? files.get(entry.target ?? "") : entry;
    if (file === undefined || (file.kind !== "file" && file.kind !== "directory"))
      throw registryErrors["package-unpackable"]({ folder, reason: `${entry.path} is a ${entry.kind}` });
    const mode = file.kind === "directory" || (file.mode & 0o100) !== 0 ? 0o755 : 0o644;
    return { path: entry.path, kind: file.kind, mode, uid: 0, gid: 0, size: file.size, modified: 0 };
  });
  return { entries, content: tree.content, close: tree.close };
}

async function readFilter(folder: string): Promise<(path: string, stats: Stats) => boolean> {
  const text = await readFile(join(folder, ".dockerignore"), "utf8").catch(() => "");
  const rules = dockerignore.default({ ignorecase: false }).add(text);
  // A folder that is left out may hold what a `!` brings back.
  const brings = /^\s*!/m.test(text);
  return (path, stats) => {
    if (path === ".git") return false;
    if (path === "plugin.yaml" || path === ".dockerignore") return true;
    return !rules.ignores(path) || (brings && stats.isDirectory());
  };
}
