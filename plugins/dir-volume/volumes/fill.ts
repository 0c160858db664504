import { chmod, chown, mkdir, open, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { mountImage, unmountAll } from "./mounting.ts";
import type { VolumeOptions } from "./options.ts";
import { run } from "./programs.ts";

/** Owner and mode of a new volume's own folder. */
export type Root = Pick<VolumeOptions, "mode" | "uid" | "gid">;

/** A new directory, in the folder `tree` of the volume's. */
export async function newTree(folder: string, { mode = 0o755, uid = 0, gid = 0 }: Root): Promise<string> {
  const tree = join(folder, "tree");
  const data = join(tree, "data");
  await mkdir(data, { recursive: true });
  await chown(data, uid, gid);
  await chmod(data, mode);
  return tree;
}

/** Everything of a tree: owners, modes, times, links, attributes; blocks are shared where the filesystem can. */
export async function copyTree(source: string, folder: string, signal: AbortSignal): Promise<void> {
  const tree = join(folder, "tree");
  await run("cp", ["--archive", "--reflink=auto", "--no-target-directory", source, tree], signal);
  await run("sync", ["--file-system", tree], signal);
}

/** A filesystem of that size with what the tree holds; blocks that are not used take no room. */
export async function makeImage(folder: string, size: number, tree: string, signal: AbortSignal): Promise<void> {
  const image = join(folder, "image");
  const file = await open(image, "wx", 0o600);
  await file.truncate(size).finally(() => file.close());
  // Without blocks kept back for root: the size is the user's.
  await run("mkfs.ext4", ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", "-d", tree, image], signal);
  await syncFile(image);
  await checkMountable(image, join(folder, "check"));
}

/** A size that could never be kept is refused now, not when a container starts: without loop devices, say. */
async function checkMountable(image: string, place: string): Promise<void> {
  await mkdir(place);
  await mountImage(image, place, true);
  await unmountAll(place);
  await rmdir(place);
}

/** A new filesystem that holds an empty volume. */
export async function newImage(folder: string, size: number, root: Root, signal: AbortSignal): Promise<void> {
  const tree = await newTree(folder, root);
  await makeImage(folder, size, tree, signal);
  await rm(tree, { recursive: true });
}

/** The file of a filesystem that nobody writes to. */
export async function copyImage(source: string, folder: string, signal: AbortSignal): Promise<void> {
  const image = join(folder, "image");
  await run("cp", ["--reflink=auto", "--sparse=always", "--no-target-directory", source, image], signal);
  await syncFile(image);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  await file.sync().finally(() => file.close());
}
