import { createHash } from "node:crypto";
import { setImmediate as breathe } from "node:timers/promises";
import type { FileEntry, FileTree } from "@outrigger/registry";
import { clusterErrors } from "../../errors.ts";

/** A tree as hosts are compared with it. */
export interface TreeIndex {
  readonly tree: FileTree;
  readonly byPath: ReadonlyMap<string, FileEntry>;
  /** SHA-256 of each `file` entry's content in hex, by path. */
  readonly digests: ReadonlyMap<string, string>;
  /** Of everything that a host is to have: names, kinds, modes, owners, times, links and contents. In hex. */
  readonly digest: string;
  /** Of all contents. */
  readonly bytes: number;
}

const indexes = new WeakMap<FileTree, Promise<TreeIndex>>();

/** Reads all of a tree once, however many hosts it goes to. @throws tree-not-for-hosts; what reading the tree throws */
export function indexTree(tree: FileTree): Promise<TreeIndex> {
  const known = indexes.get(tree);
  if (known !== undefined) return known;
  const index = readIndex(tree);
  indexes.set(tree, index);
  index.catch(() => indexes.delete(tree));
  return index;
}

async function readIndex(tree: FileTree): Promise<TreeIndex> {
  const byPath = new Map(tree.entries.map((entry) => [entry.path, entry]));
  for (const entry of tree.entries) {
    const reason = refusalOf(entry, byPath);
    if (reason !== undefined) throw clusterErrors["tree-not-for-hosts"]({ path: JSON.stringify(entry.path), reason });
  }
  const digests = new Map<string, string>();
  const whole = createHash("sha256");
  let bytes = 0;
  for (const entry of tree.entries) {
    if (entry.kind === "file") digests.set(entry.path, await digestOfStart(tree, entry, entry.size));
    bytes += entry.size;
    const { path, kind, mode, uid, gid, size, modified, target = "" } = entry;
    const attributes = Object.entries(entry.attributes ?? {}).map(([name, value]) => [name, Buffer.from(value).toString("hex")]);
    const time = kind === "file" ? modified : 0;
    whole.update(`${JSON.stringify([path, kind, mode, uid, gid, size, time, target, digests.get(path), attributes.toSorted()])}\n`);
  }
  return { tree, byPath, digests, digest: whole.digest("hex"), bytes };
}

/** Why an entry can't be put on a host: it would lead out of the folder, or nobody could say that it is there. */
function refusalOf(entry: FileEntry, byPath: ReadonlyMap<string, FileEntry>): string | undefined {
  const { path, kind, target = "" } = entry;
  if (path === "") return kind === "directory" ? undefined : "the root is no folder";
  const names = path.split("/");
  if (path.includes("\0") || target.includes("\0")) return "its name holds a NUL";
  if (names.some((name) => name === "" || name === "." || name === "..")) return "its path leads elsewhere";
  if (byPath.get(names.slice(0, -1).join("/"))?.kind !== "directory") return "what it lies in is no folder of the same tree";
  if (kind === "hardlink" && byPath.get(target)?.kind !== "file") return "it is another name of a file that is not there";
  return kind === "file" || kind === "directory" || kind === "symlink" || kind === "hardlink" ? undefined : `it is a ${kind}`;
}

/** SHA-256 of a file's first bytes, in hex. */
export async function digestOfStart(tree: FileTree, entry: FileEntry, bytes: number): Promise<string> {
  const hash = createHash("sha256");
  let left = bytes;
  for await (const piece of tree.content(entry)) {
    hash.update(piece.length > left ? piece.subarray(0, left) : piece);
    left -= piece.length;
    if (left <= 0) break;
    if (piece.length > 2 ** 16) await breathe();
  }
  return hash.digest("hex");
}
