import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Drivers,
  decodeEntry,
  driverError,
  encodeEntry,
  encodeFrame,
  FrameDecoder,
  joinParts,
  type LogDriver,
  type LogEntry,
  selectEntries,
} from "@outrigger/sdk/driver";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import fc from "fast-check";

const anyEntry: fc.Arbitrary<LogEntry> = fc
  .record({
    source: fc.constantFrom("stdout", "stderr", ""),
    timeNano: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    line: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    part: fc.option(
      fc.record(
        { id: fc.string(), ordinal: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), last: fc.boolean() },
        { noNullPrototype: true },
      ),
    ),
    attributes: fc.option(fc.dictionary(fc.string(), fc.string(), { minKeys: 1, maxKeys: 3, noNullPrototype: true })),
  })
  .map(({ part, attributes, ...entry }) => ({
    ...entry,
    // Without an id, nothing but "a part" is on the wire.
    ...(part === null ? {} : { part: part.id === "" ? { id: "", ordinal: 0, last: false } : part }),
    ...(attributes === null ? {} : { attributes: attributes }),
  }));

const entry = (line: string, more: Partial<LogEntry> = {}): LogEntry => ({
  source: "stdout",
  timeNano: 1n,
  line: Buffer.from(line),
  ...more,
});

async function* given(...entries: readonly LogEntry[]): AsyncGenerator<LogEntry> {
  yield* entries;
}

async function collect<Value>(values: AsyncIterable<Value>): Promise<readonly Value[]> {
  return await Array.fromAsync(values);
}

test("an entry that is written and read again is the same", () => {
  fc.assert(fc.property(anyEntry, (value) => assert.deepEqual(decodeEntry(encodeEntry(value)), value)));
});

test("frames are read wherever the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (entries, cuts) => {
      const stream = Buffer.concat(entries.map(encodeFrame));
      const decoder = new FrameDecoder();
      const found: LogEntry[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const length = cuts[turn % cuts.length] ?? 1;
        found.push(...decoder.push(stream.subarray(at, at + length)));
        at += length;
      }
      assert.deepEqual(found, entries);
      assert.ok(decoder.whole);
    }),
  );
});

test("bytes that are no entries are an error of the catalogue, never another", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      try {
        decodeEntry(Buffer.from(bytes));
      } catch (error) {
        assert.equal((error as { code?: string }).code, "log-frame-invalid");
      }
    }),
  );
  assert.throws(() => [...new FrameDecoder().push(Buffer.from("POST / HTTP/1.1\r\n"))], { code: "log-frame-invalid" });
});

test("the frame that an engine was seen to write", () => {
  const frame = Buffer.from("000000170a067374646f757410808080808080808010", "hex");
  const seen = Buffer.concat([frame, Buffer.from("1a036f7574", "hex")]);
  seen.writeUInt32BE(seen.length - 4);
  const [found] = new FrameDecoder().push(seen);
  assert.deepEqual([found?.source, found?.line.toString(), found?.part], ["stdout", "out", undefined]);
  assert.deepEqual(found && encodeFrame(found), seen);
});

test("fields of newer engines are passed over", () => {
  const newer = Buffer.concat([
    encodeEntry(entry("a")),
    Buffer.from([0x78, 0x01, 0x7a, 0x01, 0x41, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8]),
  ]);
  assert.deepEqual(decodeEntry(newer), entry("a"));
});

test("parts of a line are put together, those of two streams at once too; what is too long stays in parts", async () => {
  const part = (id: string, ordinal: number, last: boolean): Partial<LogEntry> => ({ part: { id, ordinal, last } });
  const stream = [
    entry("a1", part("a", 1, false)),
    entry("b1", { source: "stderr", ...part("b", 1, false) }),
    entry("whole"),
    entry("a2", part("a", 2, true)),
    entry("b2", { source: "stderr", ...part("b", 2, true) }),
    entry("cut", part("c", 1, false)),
  ];
  const joined = await collect(joinParts(given(...stream)));
  assert.deepEqual(
    joined.map(({ source, line, part: left }) => [source, line.toString(), left]),
    [
      ["stdout", "whole", undefined],
      ["stdout", "a1a2", undefined],
      ["stderr", "b1b2", undefined],
      ["stdout", "cut", undefined],
    ],
  );
  const long = [1, 2, 3, 4, 5].map((ordinal) => entry("x".repeat(10), part("l", ordinal, ordinal === 5)));
  const pieces = await collect(joinParts(given(...long), 25));
  assert.equal(Buffer.concat(pieces.map(({ line }) => line)).length, 50);
  assert.deepEqual(
    pieces.map(({ part: left }) => left?.last),
    [false, false, false, true],
  );
});

test("docker logs' since, until and tail", async () => {
  const entries = [1, 2, 3, 4].map((second) => entry(String(second), { timeNano: BigInt(second) * 1_000_000_000n }));
  const chosen = async (selection: Parameters<typeof selectEntries>[1]): Promise<string> =>
    (await collect(selectEntries(given(...entries), selection))).map(({ line }) => line.toString()).join("");
  assert.equal(await chosen({}), "1234");
  assert.equal(await chosen({ tail: 2 }), "34");
  assert.equal(await chosen({ tail: 0 }), "");
  assert.equal(await chosen({ since: new Date(2000), until: new Date(3000) }), "23");
  assert.equal(await chosen({ until: new Date(3000), tail: 1 }), "3");
});

function keeping(kept: string[], more: Partial<LogDriver> = {}): Drivers {
  const log: LogDriver = {
    async open(_, entries) {
      for await (const { line } of entries) kept.push(line.toString());
    },
    ...more,
  };
  return { log };
}

for (const over of ["process", "socket"] as const) {
  test(`StopLogging answers when the driver has kept what the engine has written (${over})`, async (context) => {
    const kept: string[] = [];
    const kit = await testDriver(keeping(kept), { over });
    context.after(() => kit.close());
    const log = await kit.openLog();
    const lines = Array.from({ length: 3000 }, (_, index) => `line ${index}`);
    await log.write(...lines.map((line) => entry(line)));
    assert.deepEqual(await log.stop(), { status: 200, answer: { Err: "" } });
    assert.deepEqual(kept, lines);
  });
}

test("a driver that is slow holds the engine up and loses nothing", async (context) => {
  const kept: string[] = [];
  const turn = Promise.withResolvers<void>();
  const kit = await testDriver(
    keeping(kept, {
      async open(_, entries) {
        for await (const { line } of entries) {
          await turn.promise;
          kept.push(line.toString("utf8", 0, 8));
        }
      },
    }),
  );
  context.after(() => kit.close());
  const log = await kit.openLog();
  const big = "x".repeat(16_384);
  let written = 0;
  const writing = (async () => {
    for (let index = 0; index < 5000; index += 1) {
      await log.write(entry(`${String(index).padStart(8, "0")}${big}`));
      written += 1;
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.ok(written < 3000, `the engine waits, with ${written} entries written`);
  assert.equal(kept.length, 0);
  turn.resolve();
  await writing;
  await log.stop();
  assert.deepEqual([kept.length, kept[0], kept.at(-1)], [5000, "00000000", "00004999"]);
});

test("what a driver throws before it asks for entries refuses the start; later the container goes on without it", async (context) => {
  const refusing = await testDriver(keeping([], { open: () => Promise.reject(driverError("no such place")) }));
  await assert.rejects(refusing.openLog(), /no such place/);
  const failing = await testDriver(
    keeping([], {
      async open(_, entries) {
        for await (const _entry of entries) throw new TypeError("the disk is full");
      },
    }),
  );
  context.after(() => failing.close());
  const log = await failing.openLog();
  await log.write(...Array.from({ length: 5000 }, () => entry("x".repeat(100))));
  assert.equal((await log.stop()).error, undefined);
  assert.ok(failing.logged.some(({ level, error }) => level === "error" && error === "the disk is full"));
});

test("a stream that is broken ends the driver's entries, and the engine can write on", async (context) => {
  const kept: string[] = [];
  const kit = await testDriver(keeping(kept));
  context.after(() => kit.close());
  const log = await kit.openLog();
  // In one piece: what came before the broken frame was lost.
  await log.writeBytes(Buffer.concat([encodeFrame(entry("good")), Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.alloc(200_000)]));
  assert.equal((await log.stop()).error, undefined);
  assert.deepEqual(kept, ["good"]);
  assert.equal(kit.logged.filter(({ level }) => level === "error").length, 1);
});

test("a log that the driver closes over keeps what was written before", async () => {
  const kept: string[] = [];
  const kit = await testDriver(keeping(kept));
  const log = await kit.openLog();
  await log.write(entry("last words"));
  await kit.close();
  assert.deepEqual(kept, ["last words"]);
  await log.stop();
});

test("StartLogging of a file that is no FIFO, or not there, is refused", async () => {
  const kit = await testDriver(keeping([]));
  const start = (File: string): Promise<{ error?: string }> => kit.call("LogDriver.StartLogging", { File, Info: { ContainerID: "1" } });
  assert.match((await start("/etc/hostname")).error ?? "", /File is no FIFO/);
  assert.match((await start("/nowhere/fifo")).error ?? "", /ENOENT/);
  assert.equal((await kit.call("LogDriver.StopLogging", { File: "/nowhere/fifo" })).error, undefined, "stopping twice is no error");
});

for (const over of ["process", "socket"] as const) {
  test(`logs are read back as frames, with the newlines that engines show (${over})`, async (context) => {
    const read: LogDriver["read"] = ({ config }, selection) => {
      if (config["refuse"] !== undefined) throw driverError("not this one");
      return selectEntries(given(entry("a"), entry("b", { part: { id: "p", ordinal: 1, last: false } }), entry("c")), selection);
    };
    const kit = await testDriver(keeping([], { read }), { over });
    context.after(() => kit.close());
    assert.deepEqual((await kit.call("LogDriver.Capabilities")).answer, { Cap: { ReadLogs: true }, Err: "" });
    const lines = async (config?: object): Promise<readonly string[]> =>
      (await kit.readLog({}, { ...config })).map(({ line }) => line.toString());
    assert.deepEqual(await lines(), ["a\n", "b", "c\n"]);
    assert.deepEqual(await lines({ Tail: 1 }), ["c\n"]);
    await assert.rejects(kit.readLog({ Config: { refuse: "1" } }), /not this one/);
  });
}

test("following a log ends when the reader goes away", async (context) => {
  const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const kit = await testDriver(
    keeping([], {
      async *read(_, { follow }, { signal }) {
        assert.ok(follow);
        yield entry("first");
        begun.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        ended.resolve();
      },
    }),
    { over: "socket" },
  );
  context.after(() => kit.close());
  const reading = kit.readLog({}, { Follow: true }).catch(() => undefined);
  await begun.promise;
  await kit.close();
  await ended.promise;
  await reading;
});
