import type { FileEntry } from "./file-tree.ts";
import { comparePaths, nameOf, parentOf } from "./path-order.ts";

/** What several names can share: one file with its content, wherever that lies. `Origin` says where. */
export interface Inode<Origin> {
  readonly entry: FileEntry;
  readonly origin: Origin;
}

interface Node<Origin> {
  /** Undefined for a folder that nothing named. */
  inode: Inode<Origin> | undefined;
  readonly children: Map<string, Node<Origin>>;
}

/** The outcome: sorted entries, where each content lies (by the path of its `file` entry), and the folders that nothing named. */
export interface BuiltTree<Origin> {
  readonly entries: readonly FileEntry[];
  readonly origins: ReadonlyMap<string, Inode<Origin>>;
  readonly implied: ReadonlySet<string>;
}

/** A tree that changes as a filesystem does: a name taken from a file leaves its other names and their content as they are. */
export class TreeBuilder<Origin> {
  readonly #root: Node<Origin> = { inode: undefined, children: new Map() };

  get(path: string): Inode<Origin> | undefined {
    return this.#find(path)?.inode;
  }

  hasFolder(path: string): boolean {
    const node = this.#find(path);
    return node !== undefined && isFolder(node);
  }

  /**
   * Puts a file in its place, instead of what was there; a folder keeps what it holds where there was a folder.
   * Gives the path that is in the way: something that is no folder where one is needed.
   */
  put(path: string, inode: Inode<Origin>): string | undefined {
    const parent = this.#folder(path);
    if (typeof parent === "string") return parent;
    if (path === "") {
      this.#root.inode = inode;
      return undefined;
    }
    const there = parent.children.get(nameOf(path));
    const stays = there !== undefined && isFolder(there) && inode.entry.kind === "directory";
    parent.children.set(nameOf(path), { inode, children: stays ? there.children : new Map() });
    return undefined;
  }

  remove(path: string): void {
    this.#find(parentOf(path))?.children.delete(nameOf(path));
  }

  /** Takes all out of a folder. */
  clear(path: string): void {
    this.#find(path)?.children.clear();
  }

  /** All of it in a tree's order. The first name of a file has the content; the others are hard links to it. */
  build(): BuiltTree<Origin> {
    const entries: FileEntry[] = [];
    const origins = new Map<string, Inode<Origin>>();
    const implied = new Set<string>();
    const found: { readonly path: string; readonly inode: Inode<Origin> | undefined }[] = [];
    const walk = (path: string, node: Node<Origin>): void => {
      found.push({ path, inode: node.inode });
      for (const [name, child] of node.children) walk(path === "" ? name : `${path}/${name}`, child);
    };
    walk("", this.#root);
    const firstNames = new Map<Inode<Origin>, string>();
    for (const { path, inode } of found.toSorted((a, b) => comparePaths(a.path, b.path))) {
      if (inode === undefined) {
        implied.add(path);
        entries.push({ path, kind: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, modified: 0 });
        continue;
      }
      const first = inode.entry.kind === "file" ? firstNames.get(inode) : undefined;
      if (first !== undefined) {
        entries.push({ ...inode.entry, path, kind: "hardlink", size: 0, target: first });
        continue;
      }
      entries.push(inode.entry.path === path ? inode.entry : { ...inode.entry, path });
      if (inode.entry.kind === "file") {
        firstNames.set(inode, path);
        origins.set(path, inode);
      }
    }
    return { entries, origins, implied };
  }

  #find(path: string): Node<Origin> | undefined {
    let node: Node<Origin> | undefined = this.#root;
    if (path === "") return node;
    for (const name of path.split("/")) node = node?.children.get(name);
    return node;
  }

  /** The folder that a path lies in, made where it is missing; or the path in the way. */
  #folder(path: string): Node<Origin> | string {
    let node = this.#root;
    const names = path.split("/").slice(0, -1);
    for (const [index, name] of names.entries()) {
      const next = node.children.get(name) ?? { inode: undefined, children: new Map() };
      if (!isFolder(next)) return names.slice(0, index + 1).join("/");
      node.children.set(name, next);
      node = next;
    }
    return node;
  }
}

function isFolder(node: Node<unknown>): boolean {
  return node.inode === undefined || node.inode.entry.kind === "directory";
}
