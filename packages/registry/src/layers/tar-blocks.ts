import { setImmediate as breathe } from "node:timers/promises";
import { registryErrors } from "../errors.ts";
import { paddingOf, tarEnd, writeHeader } from "../tar/write-header.ts";
import type { FileEntry, FileTree } from "./file-tree.ts";

export interface TarBlocksOptions {
  /** Of every block but the last, in bytes. */
  readonly blockSize: number;
  /** The time that all entries get, in seconds since 1970, or `keep` for their own. */
  readonly modified: number | "keep";
}

/** Pieces below this size can lie in a buffer of all trees. */
const sharedSize = 64 * 1024;

/** The canonical tar of a tree, in blocks of one size: where they end depends on the tree alone. A block is the reader's own. */
export async function* tarBlocks(tree: FileTree, { blockSize, modified }: TarBlocksOptions): AsyncGenerator<Buffer, void, undefined> {
  let block = Buffer.allocUnsafeSlow(blockSize);
  let filled = 0;
  /** Takes what fits, gives how much that is. */
  const fill = (bytes: Uint8Array, from: number): number => {
    const length = Math.min(bytes.length - from, blockSize - filled);
    block.set(length === bytes.length ? bytes : bytes.subarray(from, from + length), filled);
    filled += length;
    return length;
  };
  const full = (): Buffer => {
    const whole = block;
    block = Buffer.allocUnsafeSlow(blockSize);
    filled = 0;
    return whole;
  };
  for (const entry of tree.entries) {
    const header = writeHeader(entry, modified === "keep" ? entry.modified : modified);
    for (let at = 0; at < header.length; ) {
      at += fill(header, at);
      if (filled === blockSize) yield full();
    }
    if (entry.kind !== "file") continue;
    let size = 0;
    if (tree.contentSync !== undefined) {
      for (const piece of tree.contentSync(entry)) {
        size += piece.length;
        let rest = piece;
        while (rest.length > 0) {
          rest = rest.subarray(fill(rest, 0));
          if (filled < blockSize) continue;
          // Small pieces lie in a buffer that whoever reads next takes as well, and others may read while the block is away.
          if (rest.length < sharedSize) rest = Buffer.from(rest);
          yield full();
        }
      }
    } else {
      for await (const piece of tree.content(entry)) {
        size += piece.length;
        for (let at = 0; at < piece.length; ) {
          at += fill(piece, at);
          if (filled === blockSize) yield full();
        }
      }
    }
    checkSize(entry, size);
    const padding = Buffer.alloc(paddingOf(size));
    for (let at = 0; at < padding.length; ) {
      at += fill(padding, at);
      if (filled === blockSize) yield full();
    }
  }
  for (let at = 0; at < tarEnd.length; ) {
    at += fill(tarEnd, at);
    if (filled === blockSize) yield full();
  }
  if (filled > 0) yield block.subarray(0, filled);
  await breathe();
}

function checkSize(entry: FileEntry, size: number): void {
  if (size !== entry.size)
    throw registryErrors["tree-unreadable"]({ path: JSON.stringify(entry.path), reason: `it has ${size} bytes instead of ${entry.size}` });
}
