import { type FileEntry, type FileTree, type Piece, pieceOf, treeOfPieces } from "@outrigger/registry";
import { driverErrors } from "../../errors.ts";

/** What lies in one folder of a tree, as a tree of its own. @throws driver-source-unknown where there is no such folder, or a hard link leads out of it */
export function subTree(tree: FileTree, folder: string, name: string): FileTree {
  const inside = `${folder}/`;
  const pieces: Piece[] = [];
  for (const entry of tree.entries) {
    if (entry.path !== folder && !entry.path.startsWith(inside)) continue;
    pieces.push({ ...pieceOf(tree, entry), entry: moved(entry, folder, name) });
  }
  if (pieces[0]?.entry.kind !== "directory") {
    throw driverErrors["driver-source-unknown"]({ source: name, reason: `it has no folder ${folder}` });
  }
  return treeOfPieces(pieces, tree.close);
}

function moved(entry: FileEntry, folder: string, name: string): FileEntry {
  const path = entry.path.slice(folder.length + 1);
  if (entry.kind !== "hardlink") return { ...entry, path };
  const target = entry.target ?? "";
  if (target.startsWith(`${folder}/`)) return { ...entry, path, target: target.slice(folder.length + 1) };
  throw driverErrors["driver-source-unknown"]({ source: name, reason: `${entry.path} is a hard link to ${target}, outside of ${folder}` });
}
