import { driverSdkErrors } from "../errors.ts";
import type { LogEntry } from "./log-entry.ts";
import { lengthField, type ProtobufField, readMessage, varintField } from "./protobuf.ts";

/** moby api/types/plugins/logdriver `entry.proto`. */
const source = 1;
const timeNano = 2;
const line = 3;
const partial = 4;
const partialMetadata = 5;
const attributes = 6;

/** @throws `log-frame-invalid` */
export function decodeEntry(bytes: Buffer): LogEntry {
  const entry: { -readonly [Field in keyof LogEntry]: LogEntry[Field] } = { source: "", timeNano: 0n, line: Buffer.alloc(0) };
  const found: (readonly [string, string])[] = [];
  let cut = false;
  try {
    for (const field of readMessage(bytes)) {
      if (field.number === source) entry.source = textOf(field);
      else if (field.number === timeNano) entry.timeNano = BigInt.asIntN(64, numberOf(field));
      else if (field.number === line) entry.line = bytesOf(field);
      else if (field.number === partial) cut = numberOf(field) !== 0n;
      else if (field.number === partialMetadata) entry.part = partOf(bytesOf(field));
      else if (field.number === attributes) found.push(attributeOf(bytesOf(field)));
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw driverSdkErrors["log-frame-invalid"]({ reason: error.message });
  }
  // Engines before 18.06 mark parts without saying which line they are of.
  if (cut && entry.part === undefined) entry.part = { id: "", ordinal: 0, last: false };
  if (found.length > 0) entry.attributes = Object.fromEntries(found);
  return entry;
}

export function encodeEntry(entry: LogEntry): Buffer {
  const { part } = entry;
  return Buffer.concat([
    ...(entry.source === "" ? [] : [lengthField(source, Buffer.from(entry.source))]),
    ...(entry.timeNano === 0n ? [] : [varintField(timeNano, entry.timeNano)]),
    ...(entry.line.length === 0 ? [] : [lengthField(line, entry.line)]),
    ...(part === undefined ? [] : [varintField(partial, 1n)]),
    ...(part === undefined || part.id === "" ? [] : [lengthField(partialMetadata, partBytes(part))]),
    ...Object.entries(entry.attributes ?? {}).map(([key, value]) => lengthField(attributes, pairBytes(key, value))),
  ]);
}

function partBytes({ last, id, ordinal }: NonNullable<LogEntry["part"]>): Buffer {
  return Buffer.concat([
    ...(last ? [varintField(1, 1n)] : []),
    lengthField(2, Buffer.from(id)),
    ...(ordinal === 0 ? [] : [varintField(3, BigInt(ordinal))]),
  ]);
}

function partOf(bytes: Buffer): NonNullable<LogEntry["part"]> {
  let [id, ordinal, last] = ["", 0, false];
  for (const field of readMessage(bytes)) {
    if (field.number === 1) last = numberOf(field) !== 0n;
    else if (field.number === 2) id = textOf(field);
    else if (field.number === 3) ordinal = Number(BigInt.asIntN(32, numberOf(field)));
  }
  return { id, ordinal, last };
}

function pairBytes(key: string, value: string): Buffer {
  return Buffer.concat([lengthField(1, Buffer.from(key)), lengthField(2, Buffer.from(value))]);
}

function attributeOf(bytes: Buffer): readonly [string, string] {
  let [key, value] = ["", ""];
  for (const field of readMessage(bytes)) {
    if (field.number === 1) key = textOf(field);
    else if (field.number === 2) value = textOf(field);
  }
  return [key, value];
}

function numberOf({ value, number }: ProtobufField): bigint {
  if (typeof value !== "bigint") throw new RangeError(`field ${number} is no number`);
  return value;
}

function bytesOf({ value, number }: ProtobufField): Buffer {
  if (typeof value === "bigint") throw new RangeError(`field ${number} is a number`);
  return value;
}

function textOf(field: ProtobufField): string {
  return bytesOf(field).toString("utf8");
}
