import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Field, type Message, messages, type ScalarType } from "./messages.ts";

/** A message in CRI's JSON form. What its table does not know stays in {@link unknownKey}, so it goes wherever the message goes. */
export type JsonMessage = Record<string, unknown>;

/** The key of a message's fields that the table does not know: their bytes in base64. */
export const unknownKey = "$unknown";

/**
 * Reads a message from the wire. Only fields that are there get keys. 64-bit integers are numbers where those are exact, else bigints;
 * enumerations are names where they have one, else numbers; text that is no UTF-8 is `{ $bytes: BASE64 }`.
 * @throws any error for bytes that are no such message
 */
export function decode(name: string, bytes: Uint8Array): JsonMessage {
  const message = messageNamed(name);
  const reader = new BinaryReader(bytes, readUtf8);
  const result: JsonMessage = {};
  const parts = new Map<Field, Uint8Array[]>();
  const unknown: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    const field = message.byNumber.get(number);
    if (field === undefined) {
      reader.skip(wireType, number);
      unknown.push(bytes.subarray(start, reader.pos));
    } else if (field.type.kind === "message" || field.type.kind === "map") {
      expect(field, wireType, WireType.LengthDelimited);
      const list = parts.get(field) ?? [];
      list.push(reader.bytes());
      parts.set(field, list);
    } else readScalar(reader, field, wireType, result);
  }
  for (const [field, list] of parts) result[field.name] = together(field, list);
  if (unknown.length > 0) result[unknownKey] = Buffer.concat(unknown).toString("base64");
  return result;
}

export function messageNamed(name: string): Message {
  const message = messages.get(name);
  if (message === undefined) throw new RangeError(`no message ${name}`);
  return message;
}

/** Several occurrences of one message are one message in pieces. */
function together({ type, repeated }: Field, parts: readonly Uint8Array[]): unknown {
  if (type.kind === "map") return Object.fromEntries(parts.map(readEntry));
  if (type.kind !== "message") throw new TypeError("not a message");
  return repeated ? parts.map((part) => decode(type.of, part)) : decode(type.of, Buffer.concat(parts));
}

function readEntry(bytes: Uint8Array): readonly [string, string] {
  const reader = new BinaryReader(bytes, readUtf8);
  const entry = ["", ""];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number > 2 || wireType !== WireType.LengthDelimited) throw new RangeError("a map's entry has more than a key and a value");
    entry[number - 1] = reader.string();
  }
  return [entry[0] ?? "", entry[1] ?? ""];
}

function readScalar(reader: BinaryReader, field: Field, wireType: WireType, result: JsonMessage): void {
  const { name, type, repeated } = field;
  const isText = type.kind === "scalar" && (type.of === "string" || type.of === "text");
  const read = (): unknown => (type.kind === "enum" ? enumName(reader.int32(), type.of) : readers[(type as { of: ScalarType }).of](reader));
  if (!repeated) {
    expect(field, wireType, isText ? WireType.LengthDelimited : WireType.Varint);
    result[name] = read();
    return;
  }
  result[name] ??= [];
  const list = result[name] as unknown[];
  if (isText || wireType !== WireType.LengthDelimited) {
    expect(field, wireType, isText ? WireType.LengthDelimited : WireType.Varint);
    list.push(read());
    return;
  }
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError("premature end");
  while (reader.pos < end) list.push(read());
  if (reader.pos !== end) throw new RangeError("a packed list ends inside a value");
}

function enumName(number: number, names: readonly string[]): string | number {
  return names[number] ?? number;
}

const readers: Readonly<Record<ScalarType, (reader: BinaryReader) => unknown>> = {
  string: (reader) => reader.string(),
  text: (reader) => asText(reader.bytes()),
  bool: (reader) => reader.bool(),
  int32: (reader) => reader.int32(),
  uint32: (reader) => reader.uint32(),
  int64: (reader) => exact(BigInt(reader.int64())),
  uint64: (reader) => exact(BigInt(reader.uint64())),
};

function asText(bytes: Uint8Array): unknown {
  try {
    return readUtf8(bytes);
  } catch {
    return { $bytes: Buffer.from(bytes).toString("base64") };
  }
}

function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Keeps a byte order mark, as every other reader of the protocol does. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

function expect({ name }: Field, found: WireType, expected: WireType): void {
  if (found !== expected) throw new RangeError(`${name} has the wire type ${found}`);
}
