import { chmod, cp, lstat, mkdir, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { closedFolder } from "@outrigger/sdk/process";
import { clusterErrors } from "../../errors.ts";
import type { PluginCode } from "./plugin-code.ts";

type Place = Pick<PluginCode, "path" | "folder">;

/** What is more is no folder of a plug-in's own. */
const copyLimits = { files: 5_000, bytes: 256 * 1024 * 1024 };

const copies = new Map<string, Promise<string>>();

/**
 * Code where a user of its own can get to: where it is, or a copy in `run`, since Clusterfiles and images often lie in a home that is closed to others.
 * @throws plugin-folder-large
 */
export async function reachableCode({ path, folder }: PluginCode, run: string): Promise<Place> {
  if (closedFolder(folder) === undefined && (await isReadable(path))) return { path, folder };
  const key = `${run}\0${folder}`;
  const known = copies.get(key) ?? copyFolder(folder, join(run, `code-${copies.size}`));
  copies.set(key, known);
  const copy = await known;
  return { path: join(copy, relative(folder, path)), folder: copy };
}

async function isReadable(path: string): Promise<boolean> {
  return ((await lstat(path)).mode & 0o004) !== 0;
}

async function copyFolder(folder: string, copy: string): Promise<string> {
  let left = { ...copyLimits };
  await mkdir(copy, { mode: 0o755 });
  await cp(folder, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: async (source) => {
      const about = await lstat(source);
      left = { files: left.files - 1, bytes: left.bytes - (about.isFile() ? about.size : 0) };
      if (left.files < 0 || left.bytes < 0) throw clusterErrors["plugin-folder-large"]({ folder, ...copyLimits });
      return about.isFile() || about.isDirectory() || about.isSymbolicLink();
    },
  });
  await openToRead(copy);
  return copy;
}

async function openToRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToRead(path);
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
