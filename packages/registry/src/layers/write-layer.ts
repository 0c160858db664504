import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { constants, zstdCompress } from "node:zlib";
import type { Descriptor } from "../content.ts";
import { registryErrors } from "../errors.ts";
import type { Compression } from "./compression.ts";
import type { FileEntry, FileTree } from "./file-tree.ts";
import { parallelGzip } from "./parallel-gzip.ts";
import { comparePaths, nameOf, parentOf } from "./path-order.ts";
import { tarBlocks } from "./tar-blocks.ts";

export interface WriteLayerOptions {
  /** Where the layer is written; must not be there yet. Either this or `directory`. */
  readonly file?: string;
  /** A folder in which the layer gets a name of its own. */
  readonly directory?: string;
  /** Default: `gzip`, the only one that all engines take for a plug-in. */
  readonly compression?: Compression;
  /** 1 to 9 for gzip (default 4: 2 % larger than 5 in five sixths of its time), 1 to 19 for zstd (default 3). */
  readonly level?: number;
  /** The time of all entries in seconds since 1970 (default 0), or `keep` for their own. */
  readonly modified?: number | "keep";
  /** Default: OCI's for the compression, e.g. `application/vnd.oci.image.layer.v1.tar+gzip`. */
  readonly mediaType?: string;
  /** Paths of layers below that this one takes away; the folders they lie in are entries of the tree. */
  readonly removed?: readonly string[];
}

export interface WrittenLayer {
  readonly descriptor: Descriptor;
  /** The digest of the plain tar. */
  readonly diffId: string;
  /** Of the plain tar, in bytes. */
  readonly plainSize: number;
  readonly file: string;
}

const mediaTypes: Readonly<Record<Compression, string>> = {
  gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  none: "application/vnd.oci.image.layer.v1.tar",
};

const blockSize = 2 ** 20;
/** Blocks on the way through the thread pool: enough to keep its four threads busy. */
const atOnce = 8;

/**
 * Writes a tree as one layer. The same tree gives the same `diffId` everywhere, and the same digest with the same Node.js (its zlib decides what deflate
 * makes), however many cores there are. What was written is removed when it fails.
 *
 * @throws tree-unreadable; errors of the disk as Node.js gives them
 */
export async function writeLayer(tree: FileTree, options: WriteLayerOptions): Promise<WrittenLayer> {
  const { compression = "gzip", modified = 0 } = options;
  const file = options.file ?? join(options.directory ?? ".", `layer-${randomBytes(12).toString("hex")}`);
  checkNames(tree);
  const marked = withWhiteouts(tree, options.removed ?? []);
  const [plain, packed] = [createHash("sha256"), createHash("sha256")];
  let [plainSize, size] = [0, 0];
  const output = openSync(file, "wx", 0o600);
  const write = (bytes: Uint8Array): void => {
    packed.update(bytes);
    size += bytes.length;
    for (let at = 0; at < bytes.length; ) at += writeSync(output, bytes, at);
  };
  try {
    const encoder = encoderOf(compression, options.level);
    const underway: Promise<Uint8Array>[] = [];
    write(encoder.head);
    for await (const block of tarBlocks(marked, { blockSize, modified })) {
      plainSize += block.length;
      const done = encoder.block(block);
      done.catch(() => undefined);
      underway.push(done);
      plain.update(block);
      if (underway.length >= atOnce) write((await underway.shift()) ?? encoder.head);
    }
    for (const done of underway) write(await done);
    write(encoder.tail());
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(output);
  }
  const descriptor = { mediaType: options.mediaType ?? mediaTypes[compression], digest: `sha256:${packed.digest("hex")}`, size };
  return { descriptor, diffId: `sha256:${plain.digest("hex")}`, plainSize, file };
}

/** In a layer, such a name would hide a file instead of being one. */
function checkNames(tree: FileTree): void {
  const mark = tree.entries.find(({ path }) => nameOf(path).startsWith(".wh."));
  if (mark !== undefined)
    throw registryErrors["tree-unreadable"]({ path: JSON.stringify(mark.path), reason: "layers have such names for whiteouts" });
}

/** The tree with the empty files that hide what lies below (OCI image specification 1.1, layer.md). */
function withWhiteouts(tree: FileTree, removed: readonly string[]): FileTree {
  if (removed.length === 0) return tree;
  const marks = removed.map((path): FileEntry => {
    const parent = parentOf(path);
    const name = `.wh.${nameOf(path)}`;
    return { path: parent === "" ? name : `${parent}/${name}`, kind: "file", mode: 0, uid: 0, gid: 0, size: 0, modified: 0 };
  });
  const isMark = new Set(marks);
  const { contentSync } = tree;
  return {
    ...tree,
    entries: [...tree.entries, ...marks].sort((a, b) => comparePaths(a.path, b.path)),
    content: (entry) => (isMark.has(entry) ? (async function* () {})() : tree.content(entry)),
    ...(contentSync === undefined ? {} : { contentSync: (entry) => (isMark.has(entry) ? [] : contentSync(entry)) }),
  };
}

interface Encoder {
  readonly head: Uint8Array;
  readonly block: (bytes: Buffer) => Promise<Uint8Array>;
  readonly tail: () => Uint8Array;
}

const nothing = new Uint8Array();

function encoderOf(compression: Compression, level: number | undefined): Encoder {
  switch (compression) {
    case "gzip":
      return parallelGzip(level ?? 4);
    case "zstd":
      return { head: nothing, block: (bytes) => zstdFrame(bytes, level ?? 3), tail: () => nothing };
    case "none":
      return { head: nothing, block: (bytes) => Promise.resolve(bytes), tail: () => nothing };
  }
}

/** Frames that follow each other are one stream (RFC 8878, 3.1). */
function zstdFrame(bytes: Buffer, level: number): Promise<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return new Promise((resolve, reject) => {
    zstdCompress(bytes, { params, chunkSize: bytes.length + 4096 }, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
