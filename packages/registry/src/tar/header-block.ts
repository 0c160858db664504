/** A header block of 512 bytes as it stands (POSIX ustar; GNU and v7 where they differ). Names are bytes: an extended header may replace them. */
export interface HeaderBlock {
  readonly name: Uint8Array;
  readonly linkName: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modified: number;
  /** The type's character; `0` where the block has NUL. */
  readonly type: string;
  readonly major: number;
  readonly minor: number;
}

/** Reads a block that is not all zeros. What it returns as a text is why it can't be read. */
export function readHeaderBlock(block: Uint8Array): HeaderBlock | string {
  const sum = readNumber(block, 148, 8);
  if (sum !== checksum(block)) return "its header's checksum is wrong: this is not a tar, or it is damaged";
  const magic = latin1(block.subarray(257, 265));
  const [isPosix, isGnu] = [magic.startsWith("ustar\0"), magic === "ustar  \0"];
  const numbers = {
    mode: readNumber(block, 100, 8),
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    size: readNumber(block, 124, 12),
    modified: readNumber(block, 136, 12),
    major: isPosix || isGnu ? readNumber(block, 329, 8) : 0,
    minor: isPosix || isGnu ? readNumber(block, 337, 8) : 0,
  };
  for (const [field, value] of Object.entries(numbers)) {
    if (value === undefined) return `its header has no number as ${field}`;
    if (value < 0 && field !== "modified") return `its header has a negative ${field}`;
  }
  const prefix = isPosix ? text(block, 345, 155) : new Uint8Array();
  const name = text(block, 0, 100);
  const type = block[156] ?? 0;
  return {
    ...(numbers as Readonly<Record<keyof typeof numbers, number>>),
    name: prefix.length === 0 ? name : Buffer.concat([prefix, slash, name]),
    linkName: text(block, 157, 100),
    type: type === 0 ? "0" : String.fromCharCode(type),
  };
}

const slash = Buffer.from("/");

export function isZeroBlock(block: Uint8Array): boolean {
  for (const byte of block) if (byte !== 0) return false;
  return true;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** A copy, since the block is part of a piece that goes on to be used. */
function text(block: Uint8Array, start: number, length: number): Uint8Array {
  const end = block.indexOf(0, start);
  return block.slice(start, end < 0 || end > start + length ? start + length : end);
}

/** Octal digits among spaces and NULs, or base 256 (GNU) when the first bit is set. Undefined for anything else. */
function readNumber(block: Uint8Array, start: number, length: number): number | undefined {
  const first = block[start] ?? 0;
  if ((first & 0x80) !== 0) return readBase256(block.subarray(start, start + length));
  let [value, digits, ended] = [0, 0, false];
  for (let at = start; at < start + length; at += 1) {
    const byte = block[at] ?? 0;
    if (byte === 0 || byte === 32) {
      ended = digits > 0;
    } else {
      if (ended || byte < 48 || byte > 55) return undefined;
      value = value * 8 + byte - 48;
      digits += 1;
    }
  }
  return value;
}

function readBase256(bytes: Uint8Array): number | undefined {
  const negative = ((bytes[0] ?? 0) & 0x40) !== 0;
  let value = BigInt((bytes[0] ?? 0) & 0x7f);
  for (const byte of bytes.subarray(1)) value = value * 256n + BigInt(byte);
  if (negative) value -= 1n << BigInt(bytes.length * 8 - 1);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** The sum of all bytes with the checksum's own field as spaces. */
export function checksum(block: Uint8Array): number {
  let sum = 8 * 32;
  for (let at = 0; at < 148; at += 1) sum += block[at] ?? 0;
  for (let at = 156; at < 512; at += 1) sum += block[at] ?? 0;
  return sum;
}
