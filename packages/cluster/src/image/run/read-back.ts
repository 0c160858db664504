import { lstatSync } from "node:fs";
import { join } from "node:path";
import {
  directoryPiece,
  type FileEntry,
  type FileTree,
  type Piece,
  pieceOf,
  piecesOf,
  treeOfDirectory,
  treeOfPieces,
} from "@outrigger/registry";

/** What shows that a file was touched: nobody can set its ctime back. */
export type Marks = ReadonlyMap<string, string>;

export interface TreeDifference {
  /** Deepest last. */
  readonly removed: readonly string[];
  readonly pieces: readonly Piece[];
}

/** What the namespaces need in a tree, and leave behind where it was not there. */
const ours = ["proc", "dev", "etc/resolv.conf"];

async function treeOf(folder: string, shift: number): Promise<FileTree> {
  const tree = await treeOfDirectory(folder);
  const own = (id: number): number => (shift === 0 ? 0 : back(id, shift));
  return treeOfPieces(
    piecesOf(tree, (entry) => ({ ...entry, uid: own(entry.uid), gid: own(entry.gid) })),
    tree.close,
  );
}

function back(id: number, shift: number): number {
  return id >= shift ? id - shift : id;
}

/** Marks all files of a folder that a tree was unpacked into, before a command works on it. */
export async function markFiles(folder: string): Promise<Marks> {
  const { entries } = await treeOfDirectory(folder, { attributes: "leave" });
  return new Map(entries.map(({ path }) => [path, markOf(folder, path)]));
}

function markOf(folder: string, path: string): string {
  const { ino, ctimeNs, mode, uid, gid } = lstatSync(join(folder, path), { bigint: true });
  return `${ino} ${mode} ${uid} ${gid} ${(mode & 0o170000n) === 0o040000n ? "" : ctimeNs}`;
}

/** What a command has changed in such a folder. */
export async function changedFiles(folder: string, before: FileTree, marks: Marks, shift: number): Promise<TreeDifference> {
  const after = await treeOf(folder, shift);
  const known = new Set(before.entries.map(({ path }) => path));
  const isOurs = (path: string): boolean => ours.some((each) => path === each || path.startsWith(`${each}/`)) && !known.has(path);
  const there = new Set(after.entries.map(({ path }) => path));
  // Devices are not unpacked: they stay as they are.
  const removed = before.entries
    .filter(({ path, kind }) => !there.has(path) && marks.has(path) && !kind.endsWith("-device"))
    .map(({ path }) => path);
  const changed = after.entries.filter(({ path }) => path !== "" && !isOurs(path) && marks.get(path) !== markOf(folder, path));
  const pieces = changed.map((entry) =>
    entry.kind === "directory" ? { entry: { ...directoryPiece(entry.path, entry.mode).entry, ...ownerOf(entry) } } : pieceOf(after, entry),
  );
  return { removed, pieces };
}

function ownerOf({ uid, gid, attributes }: FileEntry): Partial<FileEntry> {
  return { uid, gid, ...(attributes === undefined ? {} : { attributes }) };
}
