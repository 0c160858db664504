import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { registryErrors } from "../errors.ts";
import { readEntryPath } from "../tar/entry-path.ts";
import { type AttributesByPath, readAttributes } from "./attributes.ts";
import type { FileEntry, FileTree } from "./file-tree.ts";
import { comparePaths } from "./path-order.ts";
import { copies } from "./tar-tree.ts";

export interface TreeOfDirectoryOptions {
  /** Whose all files are; without it each keeps its own. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** False leaves a file out, and all that lies in it where it is a folder. */
  readonly filter?: (path: string, stats: Stats) => boolean;
  /** `keep` (default) reads `security.capability` and `user.*`, see {@link readAttributes}; `leave` leaves extended attributes out. */
  readonly attributes?: "keep" | "leave";
}

/**
 * The tree of a folder as it is now: links are not followed, files of one inode become hard links. Contents are read later, so the folder has to stay as
 * it is until the tree is closed.
 *
 * @throws tree-unreadable for sockets, names that no tree can hold, and a file that changes its size meanwhile; attributes-tool-missing
 */
export async function treeOfDirectory(folder: string, options: TreeOfDirectoryOptions = {}): Promise<FileTree> {
  const found = await walk(folder, options.filter ?? ((): boolean => true));
  const attributes = options.attributes === "leave" ? new Map() : await readAttributes(folder);
  const firstNames = new Map<string, string>();
  const entries = found
    .toSorted((a, b) => comparePaths(a.path, b.path))
    .map(({ path, stats }) => {
      const entry = entryOf(folder, path, stats, options.owner, attributes);
      if (stats.nlink < 2 || entry.kind !== "file") return entry;
      const inode = `${stats.dev}:${stats.ino}`;
      const first = firstNames.get(inode);
      firstNames.set(inode, first ?? path);
      return first === undefined ? entry : ({ ...entry, kind: "hardlink", size: 0, target: first } as const);
    });
  const contentSync = (entry: FileEntry): Iterable<Uint8Array> => readWhole(join(folder, entry.path), entry);
  return { entries, contentSync, content: (entry) => copies(contentSync(entry)), close: () => Promise.resolve() };
}

interface Found {
  readonly path: string;
  readonly stats: Stats;
}

async function walk(folder: string, filter: (path: string, stats: Stats) => boolean): Promise<readonly Found[]> {
  const root = statSync(folder, { throwIfNoEntry: false });
  if (root?.isDirectory() !== true) throw registryErrors["tree-unreadable"]({ path: folder, reason: "it is no folder, or not there" });
  const found: Found[] = [{ path: "", stats: root }];
  const open = [""];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const name of readdirSync(join(folder, path))) {
      const child = path === "" ? name : `${path}/${name}`;
      const refusal = name.includes("\ufffd") ? "its name is not UTF-8" : refusalOf(child);
      if (refusal !== undefined) throw registryErrors["tree-unreadable"]({ path: JSON.stringify(child), reason: refusal });
      const stats = lstatSync(join(folder, child));
      if (!filter(child, stats)) continue;
      found.push({ path: child, stats });
      if (stats.isDirectory()) open.push(child);
    }
    if (found.length % 64 === 0) await breathe();
  }
  return found;
}

function refusalOf(path: string): string | undefined {
  const reading = readEntryPath(path);
  return "refusal" in reading ? reading.refusal : undefined;
}

function entryOf(
  folder: string,
  path: string,
  stats: Stats,
  owner: { readonly uid: number; readonly gid: number } | undefined,
  attributes: AttributesByPath,
): FileEntry {
  const values = attributes.get(path === "" ? "." : path);
  const kind = kindOf(stats);
  if (kind === undefined) throw registryErrors["tree-unreadable"]({ path: JSON.stringify(path), reason: "it is a socket" });
  return {
    path,
    kind,
    mode: stats.mode & 0o7777,
    uid: owner?.uid ?? stats.uid,
    gid: owner?.gid ?? stats.gid,
    size: kind === "file" ? stats.size : 0,
    modified: Math.floor(stats.mtimeMs / 1000),
    ...(kind === "symlink" ? { target: readlinkSync(join(folder, path)) } : {}),
    ...(kind === "character-device" || kind === "block-device" ? { device: deviceOf(stats.rdev) } : {}),
    ...(values === undefined ? {} : { attributes: values }),
  };
}

function kindOf(stats: Stats): FileEntry["kind"] | undefined {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isCharacterDevice()) return "character-device";
  if (stats.isBlockDevice()) return "block-device";
  return stats.isFIFO() ? "fifo" : undefined;
}

/** Linux's packing of a device's number (makedev(3)). */
function deviceOf(packed: number): { readonly major: number; readonly minor: number } {
  const number = BigInt(packed);
  return {
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n)),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xffffff00n)),
  };
}

const pieceSize = 2 ** 20;
const shared = Buffer.allocUnsafeSlow(64 * 1024);

function* readWhole(path: string, entry: FileEntry): Generator<Uint8Array> {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    // Small files, which are most, share a buffer: a piece is good until the next is asked for, of whichever file.
    const buffer = entry.size < shared.length ? shared : Buffer.allocUnsafe(Math.min(pieceSize, entry.size));
    let done = 0;
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, null);
      done += length;
      if (done > entry.size || (length === 0 && done < entry.size)) {
        throw registryErrors["tree-unreadable"]({ path: JSON.stringify(entry.path), reason: "it changed while it was read" });
      }
      if (length === 0) return;
      yield buffer.subarray(0, length);
      if (done === entry.size && entry.size < shared.length) return;
    }
  } finally {
    closeSync(file);
  }
}
