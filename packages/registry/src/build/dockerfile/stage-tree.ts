import { posix } from "node:path";
import type { FileEntry, FileTree } from "../../layers/file-tree.ts";
import { parentOf } from "../../layers/path-order.ts";
import { directoryPiece, foldersTo, type Piece, pieceOf, treeOfPieces } from "../pieces.ts";

const mostLinks = 40;

/** What became of a tree. */
export interface TreeChanges {
  /** What is new or different, with the folders on the way as they are. */
  readonly tree: FileTree;
  /** Paths that are gone; what lay in them is not named. */
  readonly removed: readonly string[];
}

/** The files of a stage while its instructions are carried out. Symlinks are followed inside the stage, as in a chroot. */
export class StageTree {
  readonly #pieces = new Map<string, Piece>();
  readonly #changed = new Set<string>();
  readonly #removed = new Set<string>();

  constructor(base?: FileTree) {
    for (const entry of base?.entries ?? []) if (base !== undefined) this.#pieces.set(entry.path, pieceOf(base, entry));
  }

  /** Where a path leads, with symlinks on the way and, if asked, at its end followed; what is not there is taken as it is. */
  resolve(path: string, last = true): string {
    let left = mostLinks;
    let resolved = "";
    const parts = path.split("/");
    while (parts.length > 0) {
      const part = parts.shift() ?? "";
      if (part === "" || part === ".") continue;
      if (part === "..") {
        resolved = resolved.includes("/") ? posix.dirname(resolved) : "";
        continue;
      }
      const next = resolved === "" ? part : `${resolved}/${part}`;
      const entry = this.#pieces.get(next)?.entry;
      if (entry?.kind !== "symlink" || left === 0 || (!last && parts.length === 0)) resolved = next;
      else {
        left -= 1;
        parts.unshift(...(entry.target ?? "").split("/"));
        if (entry.target?.startsWith("/") === true) resolved = "";
      }
    }
    return resolved;
  }

  at(path: string): FileEntry | undefined {
    return path === "" ? (this.#pieces.get("")?.entry ?? directoryPiece("").entry) : this.#pieces.get(path)?.entry;
  }

  /** Puts a file or folder at its (resolved) path. A folder that is there stays as it is; one that is missing on the way is `owner`'s. @returns what is in the way, if anything */
  put(piece: Piece, owner: Pick<FileEntry, "uid" | "gid"> = { uid: 0, gid: 0 }): string | undefined {
    const { path, kind } = piece.entry;
    for (const folder of foldersTo(path)) {
      const there = this.at(folder);
      if (there === undefined) this.#set(folder, { entry: { ...directoryPiece(folder).entry, ...owner } });
      else if (there.kind !== "directory") return `/${folder} is no folder`;
    }
    const there = this.at(path);
    if (there?.kind === "directory") return kind === "directory" ? undefined : `/${path} is a folder`;
    if (there !== undefined && kind === "directory") return `/${path} is no folder`;
    this.#keepLinks(path);
    this.#set(path, piece);
    return undefined;
  }

  /** Takes a file away, or a folder with all that it holds. */
  remove(path: string): void {
    for (const each of [path, ...[...this.#pieces.keys()].filter((inside) => inside.startsWith(`${path}/`))]) {
      this.#keepLinks(each);
      this.#pieces.delete(each);
      this.#removed.add(each);
    }
  }

  /** Puts a piece in the place of whatever is there. */
  replace(piece: Piece): void {
    const { path, kind } = piece.entry;
    const there = this.at(path);
    if (there !== undefined && (there.kind === "directory") !== (kind === "directory")) this.remove(path);
    this.#set(path, piece);
  }

  /** What has changed since this was asked for the last time; undefined: nothing. */
  takeChanges(): TreeChanges | undefined {
    const changed = [...this.#changed].filter((path) => this.#pieces.has(path));
    // What is in a folder that went as a whole, or that something else took the place of, is hidden with it.
    const removed = [...this.#removed].filter((path) => !this.#pieces.has(path) && this.at(parentOf(path))?.kind === "directory");
    this.#changed.clear();
    this.#removed.clear();
    if (changed.length === 0 && removed.length === 0) return undefined;
    const paths = new Set([...changed, ...changed.flatMap(foldersTo), ...removed.flatMap(foldersTo)]);
    return { tree: treeOfPieces([...paths].flatMap((path) => this.#pieces.get(path) ?? [])), removed: removed.toSorted() };
  }

  tree(close?: () => Promise<void>): FileTree {
    return treeOfPieces(this.#pieces.values(), close);
  }

  /** Hard links to a file that is replaced keep its content: the first of them becomes the file. */
  #keepLinks(path: string): void {
    const old = this.#pieces.get(path);
    if (old?.entry.kind !== "file") return;
    const [first, ...others] = [...this.#pieces.values()].filter(({ entry }) => entry.kind === "hardlink" && entry.target === path);
    if (first === undefined) return;
    this.#set(first.entry.path, { ...old, entry: { ...old.entry, path: first.entry.path } });
    for (const other of others) this.#set(other.entry.path, { entry: { ...other.entry, target: first.entry.path } });
  }

  #set(path: string, piece: Piece): void {
    this.#pieces.set(path, piece);
    this.#changed.add(path);
  }
}
