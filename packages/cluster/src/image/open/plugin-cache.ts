import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join, posix } from "node:path";
import { type FileTree, type Piece, pieceOf, treeFiles, treeOfPieces, unpackTree } from "@outrigger/registry";
import { pluginEntries } from "../plugin-files.ts";

/** Where plug-ins of images and packages are unpacked: OUTRIGGER_CACHE, else in the cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env["OUTRIGGER_CACHE"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "outrigger");
}

/** The plug-ins' folder of an image on this machine, unpacked once; undefined where the image has none. */
export async function unpackPlugins(
  rootfs: () => Promise<FileTree>,
  digest: string,
  cache: string = cacheFolder(),
): Promise<string | undefined> {
  const parent = join(cache, "cluster-plugins");
  const folder = join(parent, digest.replace(":", "-"));
  if (existsSync(folder)) return folder;
  const tree = await rootfs();
  if (pluginEntries(tree).length === 0) return undefined;
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const draft = join(parent, `.${randomUUID()}`);
  try {
    await unpackTree(pluginTree(tree), draft, { owner: "mine" });
    // Two at once have unpacked the same.
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** plugin/ and plugins/ as one; of two files with one name that of plugins/ counts. Links become what they lead to: none leads out of the folder. */
export function pluginTree(tree: FileTree): FileTree {
  const files = treeFiles(tree);
  const pieces: Piece[] = [];
  for (const entry of pluginEntries(tree)) {
    const path = entry.path.slice(entry.path.indexOf("/") + 1);
    if (entry.kind === "directory") pieces.push({ entry: { ...entry, path, mode: 0o755 } });
    const file = files.follow(entry.path);
    if (entry.kind === "directory" || file?.kind !== "file") continue;
    // Neither setuid nor a write for others comes along.
    pieces.push({
      ...pieceOf(tree, file),
      entry: { ...file, path: posix.normalize(path), mode: (file.mode & 0o111) === 0 ? 0o644 : 0o755 },
    });
  }
  return treeOfPieces(pieces);
}
