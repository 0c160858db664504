import { createHash } from "node:crypto";
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

/** Writes the tar into a temporary file. @param name under which the engine gets it @throws what the package's source throws */
export async function packageTar({ source, layers, config }: FoundDriver, name: string): Promise<PackageTar> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-create-"));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const rootfs = await treeOfLayers(source, layers, folder);
    try {
      const tree = besideRootfs(rootfs, "config.json", writeConfig(config), timeOf(name));
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

/** An engine refuses a rootfs that has the very bytes of another of its plug-ins: the time of the folder, which nobody reads, sets the names of one package apart. */
function timeOf(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE() % 1_000_000_000;
}

/** A tree with one more file, and the given one below `rootfs`. */
function besideRootfs(tree: FileTree, name: string, bytes: Uint8Array, modified: number): FileTree {
  const plain = { mode: 0o644, uid: 0, gid: 0, modified: 0 };
  const own: FileEntry = { ...plain, path: name, kind: "file", size: bytes.length };
  const origin = new Map<FileEntry, FileEntry>();
  const moved = tree.entries.map((entry) => {
    const path = entry.path === "" ? "rootfs" : `rootfs/${entry.path}`;
    const place = {
      ...entry,
      path,
      ...(entry.kind === "hardlink" ? { target: `rootfs/${entry.target}` } : {}),
      ...(entry.path === "" ? { modified } : {}),
    };
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
