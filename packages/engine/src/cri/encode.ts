import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type JsonMessage, messageNamed, unknownKey } from "./decode.ts";
import type { Field, Message, ScalarType } from "./messages.ts";

/**
 * Writes a message for the wire from the form that `decode` gives. `null` and undefined are fields that are not there.
 * @throws TypeError that names the field for a value that does not fit, and for a key that the message does not have
 */
export function encode(name: string, value: JsonMessage, at = ""): Uint8Array {
  const message = messageNamed(name);
  const object = asObject(value, at);
  const where = (key: string): string => (at === "" ? key : `${at}.${key}`);
  for (const key of Object.keys(object))
    if (key !== unknownKey && !message.byName.has(key)) throw wrong(where(key), key, `a field of ${name}`);
  const writer = new BinaryWriter();
  for (const field of message.byName.values()) {
    const content = object[field.name];
    if (content !== undefined && content !== null) writeField(writer, field, content, where(field.name));
  }
  if (object[unknownKey] !== undefined) writer.raw(unknownBytes(message, object[unknownKey], where(unknownKey)));
  return writer.finish();
}

function writeField(writer: BinaryWriter, field: Field, content: unknown, at: string): void {
  const { number, type, repeated } = field;
  if (type.kind === "map") {
    for (const [key, value] of Object.entries(asObject(content, at))) {
      const entry = new BinaryWriter().tag(1, WireType.LengthDelimited).string(asString(key, at));
      entry.tag(2, WireType.LengthDelimited).string(asString(value, `${at}.${key}`));
      writer.tag(number, WireType.LengthDelimited).bytes(entry.finish());
    }
  } else if (!repeated) writeOne(writer, field, content, at);
  else {
    const list = asList(content, at);
    if (type.kind === "message" || isText(field))
      for (const [index, item] of list.entries()) writeOne(writer, field, item, `${at}.${index}`);
    else if (list.length > 0) {
      const packed = new BinaryWriter();
      for (const [index, item] of list.entries()) writeVarint(packed, field, item, `${at}.${index}`);
      writer.tag(number, WireType.LengthDelimited).bytes(packed.finish());
    }
  }
}

function writeOne(writer: BinaryWriter, field: Field, content: unknown, at: string): void {
  const { number, type } = field;
  if (type.kind === "message") writer.tag(number, WireType.LengthDelimited).bytes(encode(type.of, asObject(content, at), at));
  else if (isText(field)) writer.tag(number, WireType.LengthDelimited).bytes(textBytes(field, content, at));
  else writeVarint(writer.tag(number, WireType.Varint), field, content, at);
}

function isText({ type }: Field): boolean {
  return type.kind === "scalar" && (type.of === "string" || type.of === "text");
}

function textBytes({ type }: Field, content: unknown, at: string): Uint8Array {
  const bytes = typeof content === "object" && content !== null && "$bytes" in content ? content.$bytes : undefined;
  if (type.kind === "scalar" && type.of === "text" && typeof bytes === "string") return Buffer.from(bytes, "base64");
  return Buffer.from(asString(content, at));
}

const ranges: Readonly<Record<Exclude<ScalarType, "string" | "text" | "bool">, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

function writeVarint(writer: BinaryWriter, { type }: Field, content: unknown, at: string): void {
  if (type.kind === "enum") {
    const number = typeof content === "string" ? type.of.indexOf(content) : content;
    if (number === -1 && typeof content === "string") throw wrong(at, content, `one of ${type.of.join(", ")}`);
    writer.int32(Number(inRange(number, ranges.int32, at)));
    return;
  }
  const scalar = (type as { of: keyof typeof ranges | "bool" }).of;
  if (scalar === "bool") {
    if (typeof content !== "boolean") throw wrong(at, content, "true or false");
    writer.bool(content);
    return;
  }
  const value = inRange(content, ranges[scalar], at);
  if (scalar === "int32") writer.int32(Number(value));
  else if (scalar === "uint32") writer.uint32(Number(value));
  else writer[scalar](value);
}

function inRange(content: unknown, [least, most]: readonly [bigint, bigint], at: string): bigint {
  const value = typeof content === "bigint" ? content : Number.isSafeInteger(content) ? BigInt(content as number) : undefined;
  if (value === undefined || value < least || value > most) throw wrong(at, content, `a whole number from ${least} to ${most}`);
  return value;
}

/** Fields that the table knows must not come in as unknown ones: nobody would have looked at them. */
function unknownBytes(message: Message, content: unknown, at: string): Uint8Array {
  const bytes = Buffer.from(asString(content, at), "base64");
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (message.byNumber.has(number)) throw new RangeError(`the known field ${number}`);
      reader.skip(wireType, number);
    }
  } catch {
    throw wrong(at, content, "what came with the message");
  }
  return bytes;
}

function asObject(value: unknown, at: string): JsonMessage {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(at, value, "an object");
  return value as JsonMessage;
}

function asList(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(at, value, "a list");
  return value;
}

function asString(value: unknown, at: string): string {
  if (typeof value !== "string" || !value.isWellFormed()) throw wrong(at, value, "a text");
  return value;
}

function wrong(at: string, found: unknown, expected: string): TypeError {
  const shown = typeof found === "bigint" ? String(found) : (JSON.stringify(found)?.slice(0, 80) ?? "nothing");
  return new TypeError(`${at} is ${shown}: expected ${expected}`);
}
