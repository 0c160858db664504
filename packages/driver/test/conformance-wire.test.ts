import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { decodeFrames, encodeFrame, type LogEntry } from "../src/conformance/suites/log/log-frames.ts";
import { verdictOf } from "../src/conformance/verdict.ts";
import { createWire, type Wire } from "../src/conformance/wire/wire.ts";

/** A server that answers bytes as they are, in the pieces given, and closes when there are no more. */
async function answering(context: TestContext, answers: readonly (readonly string[])[]): Promise<Wire> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-wire-"));
  const left = [...answers];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let held = "";
    socket
      .on("error", () => undefined)
      .on("data", async (bytes) => {
        held += bytes.toString("latin1");
        const end = held.indexOf("\r\n\r\n");
        const length = Number(/Content-Length: (\d+)/.exec(held)?.[1] ?? 0);
        if (end < 0 || held.length < end + 4 + length) return;
        held = held.slice(end + 4 + length);
        for (const piece of left.shift() ?? []) {
          if (piece === "close") socket.destroy();
          else socket.write(piece, "latin1");
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      });
  });
  const path = join(folder, "s");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const wire = createWire(() => ({ kind: "unix", path }), "20.10", 500);
  context.after(() => {
    wire.reset();
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return wire;
}

const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test("an answer is read the same in whatever pieces it comes", async (context) => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"Er\r\n6;x=1\r\nr":""}\r\n0\r\nTrailer: x\r\n\r\n';
  const forms = [ok('{"Err":""}'), chunked, `HTTP/1.1 100 Continue\r\n\r\n${chunked}`, 'HTTP/1.0 200 OK\r\n\r\n{"Err":""}close'];
  for (const form of forms) {
    const closes = form.endsWith("close");
    const text = closes ? form.slice(0, -5) : form;
    for (const size of [1, 7, 1000]) {
      const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
      const wire = await answering(context, [[...pieces, ...(closes ? ["close"] : [])]]);
      assert.equal((await wire.send("X.Y", {})).answer?.text, '{"Err":""}', text);
    }
  }
});

test("what is no answer is told as what it is", async (context) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["close", /closed without an answer/],
    ["HTTP/1.1 200 OK\r\nContent-Le", /within 0.5 s/],
    ["HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", /without CR/],
    ["SSH-2.0-x\r\n\r\n", /does not begin with HTTP/],
    ["HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", /Content-Length is -2/],
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", /Content-Length is 2, 3/],
    ["HTTP/1.1 200 OK\r\nno header\r\n\r\n", /is no header/],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", /chunk of the answer has no length/],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", /longer than it says/],
    ["HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", /99999999999 bytes long/],
  ];
  for (const [text, expected] of cases) {
    const wire = await answering(context, [[text]]);
    assert.match((await wire.send("X.Y", {})).failure ?? "an answer", expected, text);
  }
  const cut = await answering(context, [["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "close"]]);
  assert.match((await cut.send("X.Y", {})).failure ?? "an answer", /7 bytes before the answer's end/);
  const nobody = createWire(() => ({ kind: "unix", path: "/nowhere/s" }), "20.10");
  assert.match((await nobody.send("X.Y", {})).failure ?? "", /nobody listens there/);
});

test("what the engine makes of an answer, as measured on 20.10", async () => {
  const cases: readonly (readonly [status: number, text: string, error: string | undefined])[] = [
    [200, '{"Err":"boom"}', "boom"],
    [500, '{"Err":"boom"}', "VolumeDriver.Create: boom"],
    [404, "page not found", "VolumeDriver.Create: page not found"],
    [204, "", "VolumeDriver.Create: status 204"],
    [201, '{"Err":""}', 'VolumeDriver.Create: {"Err":""}'],
    [200, "", "EOF (the body is empty)"],
    [200, "nonsense", "the body is no JSON object"],
    [200, '{"Err":{}}', "Err is no string"],
    [200, '{"err":"x"}', "x"],
    [200, "{}", undefined],
    [200, '{"Err":null}', undefined],
    [200, "null", undefined],
    [200, "[]", "the body is no JSON object"],
  ];
  for (const [status, text, error] of cases) {
    const head = { status, headers: new Map<string, string>(), length: text.length, reusable: true };
    const verdict = verdictOf({ method: "VolumeDriver.Create", sent: "", answer: { head, text }, milliseconds: 0 });
    assert.equal(verdict.error, error, `${status} ${text}`);
  }
});

test("keys count without case, the last one wins", () => {
  const head = { status: 200, headers: new Map<string, string>(), length: 0, reusable: true };
  const read = (text: string): unknown =>
    verdictOf({ method: "X.Y", sent: "", answer: { head, text }, milliseconds: 0 }).value.get("Mountpoint");
  assert.equal(read('{"MountPoint":"/a"}'), "/a");
  assert.equal(read('{"Mountpoint":"/a","MOUNTPOINT":"/b"}'), "/b");
  assert.equal(read('{"Mountpoint":null}'), undefined);
});

test("log frames have the form that dockerd 20.10 writes, and come back as they were in whatever pieces", async () => {
  const frame = encodeFrame({ source: "stdout", timeNano: 1n, line: "out" });
  assert.equal(frame.toString("hex"), "0000000f0a067374646f757410011a036f7574");
  const entry = fc.record({
    source: fc.constantFrom("stdout", "stderr"),
    timeNano: fc.bigInt(1n, 2n ** 63n - 1n),
    line: fc.string({ unit: "grapheme", maxLength: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), async (entries, size) => {
      const bytes = Buffer.concat(entries.map((one) => encodeFrame({ ...one, partial: { last: true, id: "x", ordinal: 300 } })));
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      };
      const got: (LogEntry | undefined)[] = [];
      for await (const one of decodeFrames(pieces())) got.push(one);
      assert.deepEqual(
        got,
        entries.map((one) => ({ ...one })),
      );
    }),
    { numRuns: 50 },
  );
});

test("frames that can't be read are told, and end the reading", async () => {
  for (const hex of ["ffffffff00", "0000000509", "000000020aff", "00000003"]) {
    const got: unknown[] = [];
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(hex, "hex");
    };
    for await (const one of decodeFrames(source())) got.push(one);
    assert.deepEqual(got, [undefined], hex);
  }
});
