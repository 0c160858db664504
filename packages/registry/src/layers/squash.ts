import { registryErrors } from "../errors.ts";
import type { FileEntry, FileTree } from "./file-tree.ts";
import { nameOf, parentOf } from "./path-order.ts";
import { type Inode, TreeBuilder } from "./tree-builder.ts";

const whiteout = ".wh.";
const aufs = ".wh..wh.";
const opaque = ".wh..wh..opq";

/** Where a file's content lies: in one of the layers, under the path that it has there. */
interface Origin {
  readonly tree: FileTree;
  readonly entry: FileEntry;
}

/**
 * One tree of layers in order, the lowest first (OCI image specification 1.1, layer.md). A layer's whiteouts (`.wh.NAME`) and opaque folders
 * (`.wh..wh..opq`) count for the layers below alone, wherever they stand. A folder that a layer does not name keeps what it is below; where it is no folder
 * below, it becomes one, as overlay shows it. A hard link keeps the content of what it named when its layer was made, whatever later happens to that name.
 * Other names that begin with `.wh..wh.` are AUFS's own and are left out.
 *
 * Closing the tree closes the layers.
 *
 * @throws archive-invalid for a hard link to what is nowhere
 */
export function squashTrees(layers: readonly FileTree[], name = "the layers"): FileTree {
  const builder = new TreeBuilder<Origin>();
  for (const [index, layer] of layers.entries()) applyLayer(builder, layer, `${name}, layer ${index + 1}`);
  const { entries, origins, implied } = builder.build();
  const originOf = (entry: FileEntry): Origin => {
    const origin = origins.get(entry.path)?.origin;
    if (origin === undefined) throw registryErrors["tree-closed"]({ path: entry.path });
    return origin;
  };
  const contentSync = (entry: FileEntry): Iterable<Uint8Array> => {
    const { tree, entry: lower } = originOf(entry);
    return tree.contentSync?.(lower) ?? [];
  };
  return {
    entries,
    implied,
    content: (entry) => {
      const { tree, entry: lower } = originOf(entry);
      return tree.content(lower);
    },
    ...(layers.every(({ contentSync: direct }) => direct !== undefined) ? { contentSync } : {}),
    close: async () => {
      for (const layer of layers) await layer.close();
    },
  };
}

function applyLayer(builder: TreeBuilder<Origin>, layer: FileTree, name: string): void {
  for (const { path } of layer.entries) {
    const mark = markOf(path);
    if (mark === "damaged") throw invalid(name, path, "a whiteout can't name this, nor hold anything");
    if (mark === "opaque") builder.clear(parentOf(path));
    else if (mark === "whiteout") builder.remove(whitedOut(path));
  }
  const own = new Map<string, Inode<Origin>>();
  for (const entry of layer.entries) {
    if (entry.kind === "hardlink") continue;
    const inode = { entry, origin: { tree: layer, entry } };
    // AUFS keeps the files that have several names in a folder of its own, which its hard links name.
    if (markOf(entry.path) !== "whiteout") own.set(entry.path, inode);
    if (markOf(entry.path) !== undefined) continue;
    if (layer.implied?.has(entry.path) === true) {
      const below = builder.get(entry.path);
      if (below !== undefined && below.entry.kind !== "directory") builder.remove(entry.path);
    } else {
      put(builder, entry, inode, name);
    }
  }
  const links = layer.entries.filter(({ kind, path }) => kind === "hardlink" && markOf(path) === undefined);
  const targets = links.map(({ target = "" }) => own.get(target) ?? builder.get(target));
  for (const [index, link] of links.entries()) {
    const target = targets[index];
    if (target === undefined || target.entry.kind === "directory") {
      throw invalid(name, link.path, `it is a hard link to ${JSON.stringify(link.target)}, which is no file in this layer or below`);
    }
    put(builder, link, target, name);
  }
}

function put(builder: TreeBuilder<Origin>, entry: FileEntry, inode: Inode<Origin>, name: string): void {
  const obstacle = builder.put(entry.path, inode);
  if (obstacle !== undefined) throw invalid(name, entry.path, `it lies in ${JSON.stringify(obstacle)}, which is no folder`);
}

type Mark = "whiteout" | "opaque" | "aufs" | "damaged";

/** What a path is for, where it is no file of the image. */
function markOf(path: string): Mark | undefined {
  if (!path.includes(whiteout)) return undefined;
  const steps = path.split("/");
  const last = steps.pop() ?? "";
  if (steps.some((step) => step.startsWith(aufs))) return "aufs";
  if (steps.some((step) => step.startsWith(whiteout))) return "damaged";
  if (last === opaque) return "opaque";
  if (last.startsWith(aufs)) return "aufs";
  if (!last.startsWith(whiteout)) return undefined;
  return ["", ".", ".."].includes(last.slice(whiteout.length)) ? "damaged" : "whiteout";
}

function whitedOut(path: string): string {
  const parent = parentOf(path);
  const step = nameOf(path).slice(whiteout.length);
  return parent === "" ? step : `${parent}/${step}`;
}

function invalid(archive: string, path: string, reason: string): Error {
  return registryErrors["archive-invalid"]({ archive, entry: JSON.stringify(path), reason });
}
