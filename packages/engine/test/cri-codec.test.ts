import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { criMessages, decode, encode, unknownKey } from "@outrigger/engine";
import fc from "fast-check";
import { criService, type Message } from "./support/cri-client.ts";

type Field = ReturnType<NonNullable<ReturnType<typeof criMessages.get>>["byName"]["get"]> & object;

const text = fc.string({ unit: "binary", maxLength: 6 });
const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text,
  text: fc.oneof(text, fc.constant({ $bytes: Buffer.from([0xff, 0x00, 0xc3]).toString("base64") })),
  bool: fc.boolean(),
  int32: fc.integer(),
  uint32: fc.nat(2 ** 32 - 1),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(exact),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(exact),
};

function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Fields that no table knows, of every wire type, as a base64 text. */
const unknownFields = fc
  .array(fc.tuple(fc.integer({ min: 500, max: 2 ** 29 - 1 }), fc.constantFrom(0, 1, 2, 5), fc.uint8Array({ maxLength: 9 })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((fields) => {
    const writer = new BinaryWriter();
    for (const [number, wireType, bytes] of fields) {
      writer.tag(number, wireType as WireType);
      if (wireType === WireType.LengthDelimited) writer.bytes(bytes);
      else if (wireType === WireType.Varint) writer.uint64(BigInt(bytes[0] ?? 0) * 2n ** 50n);
      else writer.raw(new Uint8Array(wireType === WireType.Bit64 ? 8 : 4).fill(bytes[0] ?? 7));
    }
    return Buffer.from(writer.finish()).toString("base64");
  });

/** Any message in its JSON form, with unknown fields at every level where `unknown` says so. */
function messageOf(name: string, unknown: boolean): fc.Arbitrary<Message> {
  const fields = [...(criMessages.get(name)?.byName.values() ?? [])];
  const entries = Object.fromEntries(fields.map((field) => [field.name, fieldValue(field, unknown)]));
  return fc.record(
    { ...entries, ...(unknown ? { [unknownKey]: unknownFields } : {}) },
    { requiredKeys: [], noNullPrototype: true },
  ) as fc.Arbitrary<Message>;
}

function fieldValue({ type, repeated }: Field, unknown: boolean): fc.Arbitrary<unknown> {
  if (type.kind === "map") return fc.dictionary(text, text, { maxKeys: 3, minKeys: 1, noNullPrototype: true });
  const one =
    type.kind === "message"
      ? messageOf(type.of, unknown)
      : type.kind === "enum"
        ? fc.oneof(fc.constantFrom(...type.of), fc.integer({ min: 100, max: 200 }))
        : (scalars[type.of] ?? fc.constant(undefined));
  return repeated ? fc.array(one, { minLength: 1, maxLength: 3 }) : one;
}

test("every message comes back from the wire as it went there, unknown fields at every level and 64-bit integers included", () => {
  fc.assert(
    fc.property(messageOf("CreateContainerRequest", true), (message) => {
      const bytes = encode("CreateContainerRequest", message);
      assert.deepEqual(decode("CreateContainerRequest", bytes), message);
      assert.deepEqual(encode("CreateContainerRequest", decode("CreateContainerRequest", bytes)), bytes);
    }),
    { numRuns: 200 },
  );
});

test("another library reads the same from what is written, and what it writes is read the same", () => {
  const { requestSerialize, requestDeserialize } = criService("v1")["CreateContainer"] ?? assert.fail();
  fc.assert(
    fc.property(messageOf("CreateContainerRequest", false), (message) => {
      const bytes = encode("CreateContainerRequest", message);
      const theirs = requestSerialize(requestDeserialize(Buffer.from(bytes)));
      assert.deepEqual(decode("CreateContainerRequest", theirs), decode("CreateContainerRequest", bytes));
      assert.deepEqual(
        requestDeserialize(Buffer.from(encode("CreateContainerRequest", decode("CreateContainerRequest", theirs)))),
        requestDeserialize(theirs),
      );
    }),
    { numRuns: 100 },
  );
});

test("bytes that are no message are refused, whatever they are, and never anything else happens", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      let message: Message;
      try {
        message = decode("CreateContainerRequest", bytes);
      } catch (error) {
        assert.ok(error instanceof Error);
        return;
      }
      assert.deepEqual(decode("CreateContainerRequest", encode("CreateContainerRequest", message)), message);
    }),
    { numRuns: 2_000 },
  );
});

test("a message in pieces is one message; lists are read packed and unpacked; the last of two scalars counts", () => {
  const piece = (message: Message): Uint8Array => encode("ContainerConfig", message);
  const writer = new BinaryWriter();
  for (const part of [piece({ tty: true, labels: { a: "1" } }), piece({ tty: false, labels: { b: "2" }, args: ["x"] })])
    writer.tag(2, WireType.LengthDelimited).bytes(part);
  assert.deepEqual(decode("CreateContainerRequest", writer.finish()), { config: { tty: false, labels: { a: "1", b: "2" }, args: ["x"] } });
  const unpacked = new BinaryWriter()
    .tag(8, WireType.Varint)
    .int64(5)
    .tag(8, WireType.LengthDelimited)
    .bytes(new Uint8Array([6, 7]));
  assert.deepEqual(decode("LinuxContainerSecurityContext", unpacked.finish()), { supplemental_groups: [5, 6, 7] });
});

test("what does not fit is refused with its field", () => {
  const bad: readonly (readonly [Message, RegExp])[] = [
    [{ config: { nonsense: 1 } }, /^config\.nonsense is "nonsense": expected a field of ContainerConfig$/],
    [{ config: { envs: [{ key: "A" }, { key: 1 }] } }, /^config\.envs\.1\.key is 1: expected a text$/],
    [{ config: { labels: { a: 1 } } }, /^config\.labels\.a is 1/],
    [{ config: { labels: ["a"] } }, /^config\.labels is \["a"\]: expected an object$/],
    [{ config: { metadata: { attempt: -1 } } }, /attempt is -1: expected a whole number from 0 to 4294967295$/],
    [{ config: { linux: { resources: { cpu_quota: 2n ** 63n } } } }, /cpu_quota is 9223372036854775808/],
    [{ config: { linux: { resources: { cpu_quota: 2 ** 53 } } } }, /cpu_quota is 9007199254740992/],
    [{ config: { linux: { resources: { cpu_quota: 1.5 } } } }, /cpu_quota is 1\.5/],
    [{ config: { stop_signal: "SIGTERM" } }, /stop_signal is "SIGTERM": expected one of SIGNAL_RUNTIME_DEFAULT/],
    [{ config: { command: "sh" } }, /^config\.command is "sh": expected a list$/],
    [{ pod_sandbox_id: "\ud800" }, /^pod_sandbox_id is/],
  ];
  for (const [message, words] of bad) assert.throws(() => encode("CreateContainerRequest", message), { name: "TypeError", message: words });
});

test("known fields can't be smuggled in as unknown ones, which nobody looks at", () => {
  const privileged = Buffer.from([0x10, 0x01]).toString("base64");
  const config = { linux: { security_context: { [unknownKey]: privileged } } };
  assert.throws(() => encode("ContainerConfig", config), /linux\.security_context\.\$unknown is "EAE="/);
  for (const bytes of ["Eg==", "AA==", "////"]) assert.throws(() => encode("ContainerConfig", { [unknownKey]: bytes }), /\$unknown is/);
});

test("a map that names its key __proto__ is data", () => {
  const labels = JSON.parse('{"__proto__":"x","constructor":"y"}') as Message;
  const seen = decode("ContainerConfig", encode("ContainerConfig", { labels }))["labels"] as object;
  assert.deepEqual(Object.entries(seen).toSorted(), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});
