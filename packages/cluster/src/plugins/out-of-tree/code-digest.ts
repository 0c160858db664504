import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { digestOfValue } from "../../plan/digest.ts";
import type { PluginCode } from "./plugin-code.ts";

/** Bytes; what is larger names no other files. */
const textLimit = 4 * 1024 * 1024;
/** Files that code can name, and those name in turn. */
const namedLimit = 5_000;

/**
 * `sha256:...` of what code is, wherever it lies: of a folder with a plugin.yaml all files but that and `.git`; else the file and those that it, and they,
 * name by `./PATH` or `../PATH`. `image` for code of an image, whose digest says it.
 */
export async function digestOfCode({ path, folder, fromImage }: PluginCode): Promise<string> {
  if (fromImage) return "image";
  const files = existsSync(join(folder, "plugin.yaml")) ? await filesOf(folder) : await namedFiles(path);
  const parts: (readonly [string, string])[] = [];
  for (const file of files.toSorted()) parts.push([relative(folder, file), await contentOf(file)]);
  return digestOfValue([relative(folder, path), parts]);
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry): Promise<readonly string[]> => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === ".git" ? [] : filesOf(path);
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
  return (await Promise.all(found)).flat().filter((path) => relative(folder, path) !== "plugin.yaml");
}

async function namedFiles(path: string): Promise<readonly string[]> {
  const found = new Set([path]);
  // A set that grows while it is gone through: what is added has its turn, too.
  for (const file of found) {
    if ((await stat(file)).size > textLimit) continue;
    for (const [name] of (await readFile(file, "latin1")).matchAll(/(?<![\w./-])\.{1,2}\/[\w@./-]+/g)) {
      const named = resolve(dirname(file), name);
      if (found.size < namedLimit && (await isFile(named))) found.add(named);
    }
  }
  return [...found];
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (about) => about.isFile(),
    () => false,
  );
}

async function contentOf(file: string): Promise<string> {
  if (!(await isFile(file))) return `link ${await readlink(file)}`;
  const hash = createHash("sha256");
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  return `${((await stat(file)).mode & 0o111) === 0 ? "file" : "program"} ${hash.digest("hex")}`;
}
