import { posix } from "node:path";
import type { FileEntry, FileTree } from "../layers/file-tree.ts";

/** The files of a tree by their paths, with symlinks followed inside the tree as a chroot does. */
export interface TreeFiles {
  readonly tree: FileTree;
  /** What stands at the path itself. */
  readonly at: (path: string) => FileEntry | undefined;
  /** What the path leads to, through symlinks; hard links give the file itself. */
  readonly follow: (path: string) => FileEntry | undefined;
}

const mostLinks = 40;

export function treeFiles(tree: FileTree): TreeFiles {
  const byPath = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const follow = (path: string): FileEntry | undefined => {
    let left = mostLinks;
    let resolved = "";
    const parts = split(path);
    while (parts.length > 0) {
      const part = parts.shift() ?? "";
      if (part === "..") {
        resolved = resolved.includes("/") ? posix.dirname(resolved) : "";
        continue;
      }
      const next = resolved === "" ? part : `${resolved}/${part}`;
      const entry = byPath.get(next);
      if (entry === undefined) return undefined;
      if (entry.kind !== "symlink") {
        resolved = next;
        continue;
      }
      if (left === 0) return undefined;
      left -= 1;
      const target = entry.target ?? "";
      parts.unshift(...split(target));
      if (target.startsWith("/")) resolved = "";
    }
    const entry = byPath.get(resolved);
    return entry?.kind === "hardlink" ? byPath.get(entry.target ?? "") : entry;
  };
  return { tree, at: (path) => byPath.get(split(path).join("/")), follow };
}

function split(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** The first bytes of a file, at most `length`. */
export async function firstBytes(tree: FileTree, entry: FileEntry, length: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let have = 0;
  for await (const piece of tree.content(entry)) {
    pieces.push(piece);
    have += piece.length;
    if (have >= length) break;
  }
  return Buffer.concat(pieces).subarray(0, length);
}
