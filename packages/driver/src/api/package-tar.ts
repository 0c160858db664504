import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileTree, filePiece, piecesOf, treeOfPieces, writeLayer } from "@outrigger/registry";
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
      const tree = besideConfig(rootfs, writeConfig(config), timeOf(name));
      const { file } = await writeLayer(tree, { file: join(folder, "plugin.tar"), compression: "none", modified: "keep" });
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

/** A tree below `rootfs/`, with config.json beside it. */
function besideConfig(tree: FileTree, config: Uint8Array, modified: number): FileTree {
  const moved = piecesOf(tree, (entry) => ({
    ...entry,
    path: entry.path === "" ? "rootfs" : `rootfs/${entry.path}`,
    ...(entry.kind === "hardlink" ? { target: `rootfs/${entry.target}` } : {}),
    ...(entry.path === "" ? { modified } : {}),
  }));
  return treeOfPieces([filePiece("config.json", config), ...moved], tree.close);
}
