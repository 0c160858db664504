import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Descriptor,
  type FileTree,
  filePiece,
  type Layout,
  type Piece,
  pieceOf,
  treeFiles,
  treeOfDirectory,
  treeOfPieces,
} from "@outrigger/registry";
import { textOf } from "../plugin-files.ts";

const folder = "registry";
const nameKey = "org.opencontainers.image.ref.name";

/** A layout as `registry/` of a rootfs, without the content that the tree below has; its index names what that one's names as well. */
export async function registryLayer(layout: Layout, below: FileTree): Promise<FileTree> {
  const files = await treeOfDirectory(layout.directory, { owner: { uid: 0, gid: 0 }, attributes: "leave" });
  const there = new Set(below.entries.map(({ path }) => path));
  const blobs = files.entries
    .filter(({ path, kind }) => kind === "file" && path.startsWith("blobs/") && !there.has(`${folder}/${path}`))
    .map((entry): Piece => {
      const piece = pieceOf(files, entry);
      return { ...piece, entry: { ...entry, path: `${folder}/${entry.path}`, mode: 0o644 } };
    });
  const own = indexEntries(await readFile(join(layout.directory, "index.json"), "utf8"));
  const names = new Set(own.map(refName));
  const entries = [...(await entriesBelow(below)).filter((entry) => !names.has(refName(entry))), ...own].toSorted((a, b) =>
    refName(a) < refName(b) ? -1 : 1,
  );
  const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: entries };
  return treeOfPieces([
    ...blobs,
    filePiece(`${folder}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}'),
    filePiece(`${folder}/index.json`, JSON.stringify(index)),
  ]);
}

async function entriesBelow(below: FileTree): Promise<readonly Descriptor[]> {
  const files = treeFiles(below);
  const file = files.follow(`${folder}/index.json`);
  if (file === undefined || file.kind !== "file" || files.follow(`${folder}/oci-layout`) === undefined) return [];
  return indexEntries(await textOf(files, file));
}

/** Names of an image layout's index.json. */
export function indexEntries(text: string): readonly Descriptor[] {
  try {
    const { manifests } = JSON.parse(text) as { readonly manifests?: readonly Descriptor[] };
    return (manifests ?? []).filter((entry) => refName(entry) !== "");
  } catch {
    return [];
  }
}

export function refName({ annotations }: Pick<Descriptor, "annotations">): string {
  return annotations?.[nameKey] ?? "";
}
