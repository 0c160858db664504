import { constants, crc32, deflateRaw } from "node:zlib";

/** What a block of plain bytes becomes. The same bytes give the same, however many are compressed at once. */
export interface Gzip {
  /** Stands before all blocks: one member, no name, no time (RFC 1952). */
  readonly head: Buffer;
  /** Compresses the next block in the thread pool; blocks are given in order, and may be many at once. */
  readonly block: (bytes: Buffer) => Promise<Buffer>;
  /** Stands after all blocks: an empty last one, checksum and length. */
  readonly tail: () => Buffer;
}

/** How far back deflate looks: what a block begins with may repeat the end of the one before. */
const reach = 32 * 1024;

/** Compresses blocks on their own and makes one gzip of them: each ends at a byte (sync flush), and begins with its predecessor's end as dictionary. */
export function parallelGzip(level: number): Gzip {
  let dictionary: Buffer | undefined;
  let [sum, length] = [0, 0];
  return {
    head: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]),
    block: (bytes) => {
      sum = crc32(bytes, sum);
      length += bytes.length;
      const before = dictionary;
      dictionary = bytes.subarray(Math.max(0, bytes.length - reach));
      const options = {
        level,
        memLevel: 9,
        finishFlush: constants.Z_SYNC_FLUSH,
        chunkSize: bytes.length + 4096,
        ...(before === undefined ? {} : { dictionary: before }),
      };
      return new Promise((resolve, reject) => {
        deflateRaw(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
      });
    },
    tail: () => {
      const tail = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      tail.writeUInt32LE(sum, 2);
      tail.writeUInt32LE(length % 2 ** 32, 6);
      return tail;
    },
  };
}
