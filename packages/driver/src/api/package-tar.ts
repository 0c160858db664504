import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileEntry, type FileTree, writeLayer } from "@outrigger/registry";
import { writeConfig } from "../config/write.ts";
import type { FoundDriver } from "../host/install/found-driver.ts";
import { treeOfLayers } from "../host/install/layers.ts";

/** A package as an engine takes it without a registry: config.json and rootfs/ in one plain tar (Engine API, `POST /plugins/create`). */
export interface PackageTar {
  readonly file: string;
  readonly close: () => Promise<void>;
}

/** Writes the tar into a temporary file. @throws what the package's source throws */
export async function packageTar({ source, layers, config }: FoundDriver): Promise<PackageTar> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-create-"));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const rootfs = await treeOfLayers(source, layers, folder);
    try {
      const tree = besideRootfs(rootfs, "config.json", writeConfig(config));
      const { file } = await writeLayer(tree, { file: join(folder, "plugin.tar"), compression: "none" });
      return { file, close };
    } finally {
      await rootfs.close();
    }
  } catch (error) {
    await close();
    throw error;
  }
}

/** A tree with one more file, and the given one below `rootfs`. */
function besideRootfs(tree: FileTree, name: string, bytes: Uint8Array): FileTree {
  const plain = { mode: 0o644, uid: 0, gid: 0, modified: 0 };
  const own: FileEntry = { ...plain, path: name, kind: "file", size: bytes.length };
  const origin = new Map<FileEntry, FileEntry>();
  const moved = tree.entries.map((entry) => {
    const path = entry.path === "" ? "rootfs" : `rootfs/${entry.path}`;
    const place = entry.kind === "hardlink" ? { ...entry, path, target: `rootfs/${entry.target}` } : { ...entry, path };
    origin.set(place, entry);
    return place;
  });
  const top: FileEntry = { ...plain, path: "", kind: "directory", mode: 0o755, size: 0 };
  return {
    entries: [top, own, ...moved],
    content: (entry) => {
      const old = origin.get(entry);
      return old === undefined ? once(bytes) : tree.content(old);
    },
    close: () => tree.close(),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
