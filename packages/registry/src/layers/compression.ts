import { pipeline, Readable } from "node:stream";
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from "node:zlib";
import { registryErrors } from "../errors.ts";

export type Compression = "gzip" | "zstd" | "none";

export interface DecompressOptions {
  /** For messages. */
  readonly name: string;
  /** How many times its compressed size the content may have, once it is larger than 64 MiB. Deflate itself can't pass 1032. */
  readonly ratio?: number;
}

const ratioFrom = 64 * 2 ** 20;
const piece = 256 * 1024;

/**
 * The plain bytes of what is plain, gzip or zstd: its first bytes tell. Decompresses in the thread pool while the reader works.
 *
 * @throws archive-invalid for another compression, a damaged or truncated one, or anything behind its end; archive-too-large
 */
export async function* decompress(
  content: AsyncIterable<Uint8Array>,
  { name, ratio = 1000 }: DecompressOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { start, rest } = await peek(content);
  const compression = compressionOf(start);
  if (compression === undefined) throw invalid(name, "the beginning", "it is compressed by something else than gzip or zstd");
  if (compression === "none") {
    yield* rest;
    return;
  }
  let read = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const bytes of rest) {
      read += bytes.length;
      yield bytes;
    }
  };
  const decoder = decoderOf(compression);
  let failure: Error | undefined;
  const source = Readable.from(counted(), { objectMode: false, highWaterMark: 4 * piece });
  let sourceFailure: Error | undefined;
  source.once("error", (error) => {
    sourceFailure = error;
  });
  const plain = pipeline(source, decoder, (error) => {
    failure = error ?? undefined;
  });
  let written = 0;
  try {
    for await (const bytes of plain as AsyncIterable<Uint8Array>) {
      written += bytes.length;
      if (written > ratioFrom && written > read * ratio) {
        throw registryErrors["archive-too-large"]({
          archive: name,
          entry: `after ${written} bytes`,
          reason: `more than ${ratio} times its compressed size`,
        });
      }
      yield bytes;
    }
  } catch (error) {
    if (sourceFailure !== undefined) throw sourceFailure;
    if (error === failure || isZlibError(error))
      throw invalid(name, `byte ${written}`, `its ${compression} is damaged or truncated`, error);
    throw error;
  } finally {
    decoder.destroy();
    source.destroy();
  }
  if (decoder.bytesWritten !== read) throw invalid(name, "its end", `something stands behind the end of its ${compression}`);
}

function decoderOf(compression: "gzip" | "zstd"): Gunzip | ZstdDecompress {
  const options = { chunkSize: piece, highWaterMark: 4 * piece };
  return compression === "gzip" ? createGunzip(options) : createZstdDecompress(options);
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^(Z_|ZSTD_|ERR_ZSTD)/.test(error.code);
}

function invalid(archive: string, entry: string, reason: string, cause?: unknown): Error {
  return registryErrors["archive-invalid"]({ archive, entry, reason }, { cause });
}

/** By the first bytes; undefined for bzip2, xz and lz4, which no layer may have. Too little to tell is plain. */
export function compressionOf(start: Uint8Array): Compression | undefined {
  const begins = (...magic: readonly number[]): boolean => magic.every((byte, index) => start[index] === byte);
  if (begins(0x1f, 0x8b)) return "gzip";
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  return begins(0x42, 0x5a, 0x68) || begins(0xfd, 0x37, 0x7a, 0x58, 0x5a) || begins(0x04, 0x22, 0x4d, 0x18) ? undefined : "none";
}

/** The first six bytes at least, where there are so many, and the whole content once more. */
async function peek(content: AsyncIterable<Uint8Array>): Promise<{ readonly start: Uint8Array; readonly rest: AsyncIterable<Uint8Array> }> {
  const iterator = content[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array();
  while (start.length < 6) {
    const next = await iterator.next();
    if (next.done === true) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield start;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return { start, rest: rest() };
}
