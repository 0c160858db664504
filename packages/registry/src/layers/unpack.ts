import { createHash } from "node:crypto";
import { setImmediate as breathe } from "node:timers/promises";
import { registryErrors } from "../errors.ts";
import type { TarLimits } from "../tar/limits.ts";
import { type TarEntry, TarParser } from "../tar/tar-parser.ts";
import { decompress } from "./compression.ts";
import { DiskWriter, type DiskWriterOptions, type Unpacked } from "./disk-writer.ts";
import type { FileTree } from "./file-tree.ts";
import { nameOf } from "./path-order.ts";

export interface UnpackLayerOptions extends DiskWriterOptions {
  readonly limits?: Partial<TarLimits>;
  /** See {@link decompress}. */
  readonly ratio?: number;
  /** Expected digest of the plain tar; without it, it is not hashed. */
  readonly diffId?: string;
}

/**
 * Unpacks one layer, plain, gzip or zstd, into a folder that is new or empty, while it comes: reading, decompressing and writing overlap. What fails leaves
 * the folder empty. Whiteouts have nothing to hide in a single layer and are refused: {@link squashTrees} is for several. Nothing is written through a
 * symlink: no layer that was made from a filesystem has an entry behind one.
 *
 * @throws archive-invalid, archive-too-large, digest-wrong, folder-not-empty, attributes-tool-missing; what `content` throws
 */
export async function unpackLayer(content: AsyncIterable<Uint8Array>, folder: string, options: UnpackLayerOptions): Promise<Unpacked> {
  const { name, diffId, ratio, limits = {} } = options;
  const hash = diffId === undefined ? undefined : createHash("sha256");
  const writer = new DiskWriter(folder, options);
  try {
    const handlers = {
      entry: (entry: TarEntry): void => {
        if (nameOf(entry.path).startsWith(".wh.")) throw whiteoutFound(name, entry.path);
        writer.entry(entry);
      },
      data: (piece: Uint8Array): void => writer.data(piece),
      end: (): void => writer.end(),
    };
    const parser = new TarParser(name, handlers, limits);
    for await (const piece of decompress(content, { name, ...(ratio === undefined ? {} : { ratio }) })) {
      hash?.update(piece);
      parser.push(piece);
    }
    parser.finish();
    const found = `sha256:${hash?.digest("hex")}`;
    if (diffId !== undefined && found !== diffId) throw registryErrors["digest-wrong"]({ source: name, digest: diffId, found });
    return await writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** Writes a tree into a folder that is new or empty. What fails leaves the folder empty. @throws folder-not-empty, attributes-tool-missing, tree-unreadable */
export async function unpackTree(tree: FileTree, folder: string, options: Partial<DiskWriterOptions> = {}): Promise<Unpacked> {
  const writer = new DiskWriter(folder, { name: folder, ...options });
  try {
    let [files, bytes] = [0, 0];
    for (const entry of [
      ...tree.entries.filter(({ kind }) => kind !== "hardlink"),
      ...tree.entries.filter(({ kind }) => kind === "hardlink"),
    ]) {
      writer.entry(entry);
      if (entry.kind !== "file") continue;
      // Not by one loop that awaits: while it does, others may read into the same piece.
      if (tree.contentSync !== undefined) for (const piece of tree.contentSync(entry)) writer.data(piece);
      else for await (const piece of tree.content(entry)) writer.data(piece);
      writer.end();
      files += 1;
      bytes += entry.size;
      if (files % 64 === 0 || bytes > 2 ** 24) {
        bytes = 0;
        await breathe();
      }
    }
    return await writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

function whiteoutFound(archive: string, path: string): Error {
  const reason = "it is a whiteout, which has nothing to hide in a single layer";
  return registryErrors["archive-invalid"]({ archive, entry: JSON.stringify(path), reason });
}
