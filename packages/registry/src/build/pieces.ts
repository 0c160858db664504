import { posix } from "node:path";
import type { FileEntry, FileTree } from "../layers/file-tree.ts";

/** One file of a tree that is being made, with its content where it is a file. */
export interface Piece {
  readonly entry: FileEntry;
  readonly content?: () => AsyncIterable<Uint8Array>;
  /** See `FileTree.contentSync`. */
  readonly contentSync?: () => Iterable<Uint8Array>;
}

/**
 * A tree's files as pieces, to be put into another tree. The tree must stay open as long as that one.
 * @param change what an entry is there; undefined leaves it out
 */
export function piecesOf(tree: FileTree, change: (entry: FileEntry) => FileEntry | undefined = (entry) => entry): readonly Piece[] {
  return tree.entries.flatMap((entry) => {
    const changed = change(entry);
    return changed === undefined ? [] : [{ ...pieceOf(tree, entry), entry: changed }];
  });
}

export function pieceOf(tree: FileTree, entry: FileEntry): Piece {
  if (entry.kind !== "file") return { entry };
  const { contentSync } = tree;
  return { entry, content: () => tree.content(entry), ...(contentSync === undefined ? {} : { contentSync: () => contentSync(entry) }) };
}

/** A tree of pieces; of two with one path the later counts. Folders on the way are added, as root's with mode 0755. */
export function treeOfPieces(pieces: Iterable<Piece>, close: () => Promise<void> = async () => {}): FileTree {
  const byPath = new Map<string, Piece>([["", directoryPiece("")]]);
  for (const piece of pieces) {
    for (const folder of foldersTo(piece.entry.path)) if (!byPath.has(folder)) byPath.set(folder, directoryPiece(folder));
    byPath.set(piece.entry.path, piece);
  }
  const all = [...byPath.values()];
  const entries = all.map(({ entry }) => entry).sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const atOnce = all.every(({ entry, contentSync }) => entry.kind !== "file" || contentSync !== undefined);
  return {
    entries,
    content: (entry) => byPath.get(entry.path)?.content?.() ?? later([]),
    ...(atOnce ? { contentSync: (entry: FileEntry) => byPath.get(entry.path)?.contentSync?.() ?? [] } : {}),
    close,
  };
}

export function directoryPiece(path: string, mode = 0o755): Piece {
  return { entry: { path, kind: "directory", mode, uid: 0, gid: 0, size: 0, modified: 0 } };
}

export function filePiece(path: string, content: string | Uint8Array, mode = 0o644): Piece {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const entry: FileEntry = { path, kind: "file", mode, uid: 0, gid: 0, size: bytes.length, modified: 0 };
  return { entry, content: () => later([bytes]), contentSync: () => [bytes] };
}

/** `a/b/c` -> `a`, `a/b` */
export function foldersTo(path: string): readonly string[] {
  const parent = posix.dirname(path);
  return parent === "." || path === "" ? [] : [...foldersTo(parent), parent];
}

async function* later(pieces: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* pieces;
}
