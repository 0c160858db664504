/** One entry of a container's output, as engines pass it to log drivers (moby api/types/plugins/logdriver/entry.proto). */
export interface LogEntry {
  readonly source: string;
  /** Nanoseconds since 1970. */
  readonly timeNano: bigint;
  /** Without its newline. */
  readonly line: string;
  readonly partial?: { readonly last: boolean; readonly id: string; readonly ordinal: number };
}

/** A frame: the entry's length as four bytes, big endian, and the entry as protobuf. */
export function encodeFrame({ source, timeNano, line, partial }: LogEntry): Buffer {
  const metadata =
    partial === undefined
      ? undefined
      : Buffer.concat([flag(1, partial.last), text(2, partial.id), varintField(3, BigInt(partial.ordinal))]);
  const entry = Buffer.concat([
    text(1, source),
    varintField(2, timeNano),
    text(3, line),
    flag(4, partial !== undefined),
    ...(metadata === undefined ? [] : [varint((5n << 3n) | 2n), varint(BigInt(metadata.length)), metadata]),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(entry.length);
  return Buffer.concat([length, entry]);
}

/** Reads the frames of a stream; gives undefined for one that can't be read, and ends there. */
export async function* decodeFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogEntry | undefined> {
  let held = Buffer.alloc(0);
  for await (const chunk of source) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4) {
      const end = 4 + held.readUInt32BE(0);
      // Go's decoder has a limit of 1 MB for an entry.
      if (end > 1_000_004) return yield undefined;
      if (held.length < end) break;
      const entry = decodeEntry(held.subarray(4, end));
      yield entry;
      if (entry === undefined) return;
      held = held.subarray(end);
    }
  }
  if (held.length > 0) yield undefined;
}

function decodeEntry(bytes: Buffer): LogEntry | undefined {
  let at = 0;
  const read = (): bigint => {
    let value = 0n;
    for (let shift = 0n; at < bytes.length; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    at = bytes.length + 1;
    return value;
  };
  const entry = { source: "", timeNano: 0n, line: "" };
  while (at < bytes.length) {
    const key = read();
    const [field, kind] = [key >> 3n, key & 7n];
    if (kind === 0n) {
      const value = read();
      if (field === 2n) entry.timeNano = value;
    } else if (kind === 2n) {
      const length = Number(read());
      const piece = bytes.subarray(at, at + length);
      at += length;
      if (field === 1n) entry.source = piece.toString("utf8");
      if (field === 3n) entry.line = piece.toString("utf8");
    } else return undefined;
  }
  return at === bytes.length ? entry : undefined;
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

function varintField(field: number, value: bigint): Buffer {
  return value === 0n ? Buffer.alloc(0) : Buffer.concat([varint(BigInt(field << 3)), varint(value)]);
}

function flag(field: number, value: boolean): Buffer {
  return varintField(field, value ? 1n : 0n);
}

function text(field: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  return bytes.length === 0 ? bytes : Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(bytes.length)), bytes]);
}
