import { closeSync, createReadStream, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registryErrors } from "../errors.ts";
import type { TarLimits } from "../tar/limits.ts";
import { readTarFile } from "../tar/read-tar.ts";
import { type TarEntry, type TarHandlers, TarParser } from "../tar/tar-parser.ts";
import { compressionOf, decompress } from "./compression.ts";
import type { FileEntry, FileTree } from "./file-tree.ts";
import { type Inode, TreeBuilder } from "./tree-builder.ts";

export interface TreeOfTarOptions {
  /** For messages; without it the path. */
  readonly name?: string;
  readonly limits?: Partial<TarLimits>;
  /** Of a compressed one, see {@link decompress}. */
  readonly ratio?: number;
  /** The tar is a layer: its hard links may name files of layers below. Whiteouts stay as they are in any case: squashing reads them. */
  readonly layer?: boolean;
  /** Where what is not a plain tar on disk is kept meanwhile; without it the system's folder for temporary files. */
  readonly temporary?: string;
  /** Called with each piece of the plain tar, e.g. to hash it; for a plain tar on disk it is not called. */
  readonly onPlain?: (piece: Uint8Array) => void;
}

/**
 * The tree of a tar: plain, gzip or zstd, a path or a stream. A plain tar on disk is read where it lies, and has to stay there; all else is kept in a
 * temporary file until the tree is closed. Of entries with one name the last counts, as when a tar is unpacked.
 *
 * @throws archive-invalid, archive-too-large
 */
export async function treeOfTar(tar: string | AsyncIterable<Uint8Array>, options: TreeOfTarOptions = {}): Promise<FileTree> {
  const name = options.name ?? (typeof tar === "string" ? tar : "the tar");
  const collector = new TarCollector(name, options.layer === true);
  const { limits = {} } = options;
  if (typeof tar === "string" && compressionOf(firstBytes(tar)) === "none") {
    readTarFile(tar, collector, { name, limits });
    return fileBackedTree(tar, collector, () => Promise.resolve());
  }
  const folder = mkdtempSync(join(options.temporary ?? tmpdir(), "outrigger-layer-"));
  const remove = (): Promise<void> => Promise.resolve(rmSync(folder, { recursive: true, force: true }));
  try {
    const spool = join(folder, "layer.tar");
    const content = typeof tar === "string" ? createReadStream(tar, { highWaterMark: 2 ** 20 }) : tar;
    const plain = decompress(content, { name, ...(options.ratio === undefined ? {} : { ratio: options.ratio }) });
    const parser = new TarParser(name, collector, limits);
    const file = openSync(spool, "wx", 0o600);
    try {
      for await (const piece of plain) {
        parser.push(piece);
        options.onPlain?.(piece);
        for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
      }
      parser.finish();
    } finally {
      closeSync(file);
    }
    return fileBackedTree(spool, collector, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

function firstBytes(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(6);
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** Builds the tree as entries come. */
class TarCollector implements TarHandlers {
  readonly #archive: string;
  readonly #isLayer: boolean;
  readonly tree: TreeBuilder<number> = new TreeBuilder();

  constructor(archive: string, isLayer: boolean) {
    this.#archive = archive;
    this.#isLayer = isLayer;
  }

  entry(entry: TarEntry): void {
    const { offset, ...file } = entry;
    if (file.kind !== "directory" && this.tree.hasFolder(file.path))
      throw this.#invalid(file.path, "it stands where the archive has a folder");
    const inode = file.kind === "hardlink" ? this.#linked(file) : { entry: file, origin: offset };
    const obstacle = this.tree.put(file.path, inode);
    if (obstacle !== undefined) throw this.#invalid(file.path, `it lies in ${JSON.stringify(obstacle)}, which is no folder there`);
  }

  #linked(entry: FileEntry): Inode<number> {
    const target = this.tree.get(entry.target ?? "");
    if (target === undefined) {
      if (this.#isLayer) return { entry, origin: 0 };
      throw this.#invalid(entry.path, `it links to ${JSON.stringify(entry.target)}, which is not in the archive before it`);
    }
    if (target.entry.kind === "directory") throw this.#invalid(entry.path, "it is a hard link to a folder");
    return target;
  }

  #invalid(path: string, reason: string): Error {
    return registryErrors["archive-invalid"]({ archive: this.#archive, entry: JSON.stringify(path), reason });
  }
}

const pieceSize = 2 ** 20;

function fileBackedTree(path: string, collector: TarCollector, remove: () => Promise<void>): FileTree {
  const { entries, origins, implied } = collector.tree.build();
  let file: number | undefined = openSync(path, "r");
  const contentSync = function* (entry: FileEntry): Generator<Uint8Array> {
    const start = origins.get(entry.path)?.origin;
    if (file === undefined || start === undefined) throw registryErrors["tree-closed"]({ path: entry.path });
    const buffer = Buffer.allocUnsafe(Math.min(pieceSize, entry.size));
    for (let done = 0; done < entry.size; ) {
      const length = readSync(file, buffer, 0, Math.min(buffer.length, entry.size - done), start + done);
      if (length === 0)
        throw registryErrors["archive-invalid"]({ archive: path, entry: JSON.stringify(entry.path), reason: "it was cut short meanwhile" });
      done += length;
      yield buffer.subarray(0, length);
    }
  };
  return {
    entries,
    implied,
    contentSync,
    content: (entry) => copies(contentSync(entry)),
    close: async () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
      await remove();
    },
  };
}

/** Pieces that stay as they are: an asynchronous reader may keep them. */
export async function* copies(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of pieces) yield Buffer.from(piece);
}
