import protobuf from "protobufjs";
import { protoTable } from "./proto-table.ts";

/** A message as plain data: fields by their names in the protocol, enums by their words, `bytes` as Uint8Array. */
export type Message = { readonly [field: string]: Field };
type Field = string | number | boolean | Uint8Array | Message | readonly Field[] | undefined;

const root = new protobuf.Root();
for (const file of ["any", "duration", "struct", "wrappers"]) {
  const known = protobuf.common.get(`google/protobuf/${file}.proto`);
  if (known?.nested !== undefined) root.addJSON(known.nested);
}
for (const text of protoTable) protobuf.parse(text, root, { keepCase: true });
root.resolveAll();

/** `google.protobuf.UInt32Value` */
export function uint32(value: number): Message {
  return { value };
}

/** `google.protobuf.Duration` */
export function duration(seconds: number): Message {
  const whole = Math.floor(seconds);
  return { seconds: whole, nanos: Math.round((seconds - whole) * 1000) * 1_000_000 };
}

/** `google.protobuf.Any` with a message of that type in it. */
export function packed(type: string, message: Message): Message {
  return { type_url: typeUrl(type), value: encode(type, message) };
}

/** `type.googleapis.com/envoy.config.cluster.v3.Cluster` */
export function typeUrl(type: string): string {
  return `type.googleapis.com/${type}`;
}

export function encode(type: string, message: Message): Uint8Array {
  const known = root.lookupType(type);
  return known.encode(known.fromObject(message)).finish();
}

/** @throws Error where the bytes are no such message */
export function decode(type: string, bytes: Uint8Array): Message {
  const known = root.lookupType(type);
  return known.toObject(known.decode(bytes), { enums: String, longs: Number }) as Message;
}
