import assert from "node:assert/strict";
import { test } from "node:test";
import { delayAfter } from "@outrigger/plugin";
import fc from "fast-check";
import { restartBackOff } from "../src/back-off.ts";
import { parseEndpoint } from "../src/docker/client/endpoint.ts";
import { refusal } from "../src/docker/client/refusal.ts";
import { type Frame, frames, lines } from "../src/docker/client/streams.ts";
import { parseImageName } from "../src/docker/images/image-name.ts";
import { compareTimes, mergedLines } from "../src/docker/logs/logs.ts";
import { describeExit } from "../src/docker/pod/exits.ts";
import { expandCommand } from "../src/docker/pod/facts.ts";
import { Mishaps } from "../src/docker/pod/mishaps.ts";
import { frameOf, hostName, infraName } from "../src/docker/pod/names.ts";
import { infraImageArchive } from "../src/docker/traffic/infra-image.ts";
import { assembleScript, infraProgram } from "../src/docker/traffic/infra-program.ts";
import { probedPort, waysOf, withWays } from "../src/docker/traffic/ways.ts";
import { podOf } from "./support.ts";

test("restarts: at once, then 1, 2, 4 ... 60 s", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 8, 9, 1000].map((failures) => delayAfter(failures, restartBackOff)),
    [0, 1e3, 2e3, 4e3, 6e4, 6e4, 6e4],
  );
});

test("frames and lines survive any cut of the stream", async () => {
  const frame = fc.record({ stream: fc.constantFrom("stdout" as const, "stderr" as const), text: fc.string({ unit: "grapheme" }) });
  await fc.assert(
    fc.asyncProperty(fc.array(frame), fc.array(fc.nat(40)), async (sent, cuts) => {
      const whole = Buffer.concat(sent.map(({ stream, text }) => encode({ stream, bytes: Buffer.from(text) })));
      const pieces: Buffer[] = [];
      let at = 0;
      for (const size of cuts) {
        pieces.push(whole.subarray(at, at + size));
        at += size;
      }
      pieces.push(whole.subarray(at));
      const got = await Array.fromAsync(lines(frames(give(pieces))));
      for (const stream of ["stdout", "stderr"] as const) {
        const text = sent
          .filter((each) => each.stream === stream)
          .map((each) => each.text)
          .join("");
        const expected = text.split("\n");
        if (expected.at(-1) === "") expected.pop();
        assert.deepEqual(
          got.filter((each) => each.stream === stream).map((each) => each.text),
          expected,
        );
      }
    }),
  );
});

function encode({ stream, bytes }: Frame): Buffer {
  const head = Buffer.from([stream === "stderr" ? 2 : 1, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

async function* give<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

test("merged lines come in the order of their times", async () => {
  const line = (container: string, time: string) => ({ replica: 0, container, stream: "stdout" as const, time, text: "" });
  const merged = await Array.fromAsync(
    mergedLines([
      give([line("a", "2026-01-01T00:00:00.1Z"), line("a", "2026-01-01T00:00:00.300000001Z")]),
      give([line("b", "2026-01-01T00:00:00Z"), line("b", "2026-01-01T00:00:00.3Z")]),
    ]),
  );
  assert.deepEqual(
    merged.map(({ container }) => container),
    ["b", "a", "b", "a"],
  );
  assert.equal(compareTimes("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z"), 0);
});

test("commands are filled as Kubernetes does, without secrets", () => {
  const env = [
    { name: "A", text: "one", secret: false },
    { name: "S", text: "hidden", secret: true },
  ];
  assert.deepEqual(expandCommand(["$(A)-$(A)", "$$(A)", "$(B)", "$(S)", "$A", "$"], env), ["one-one", "$(A)", "$(B)", "$(S)", "$A", "$"]);
});

test("image names are read as the engine reads them", () => {
  assert.deepEqual(parseImageName("debian"), { registry: "docker.io", repository: "debian", tag: "latest" });
  assert.deepEqual(parseImageName("a/b:1"), { registry: "docker.io", repository: "a/b", tag: "1" });
  assert.deepEqual(parseImageName("localhost:5000/b"), { registry: "localhost:5000", repository: "localhost:5000/b", tag: "latest" });
  assert.deepEqual(parseImageName("r.example/b@sha256:ab"), { registry: "r.example", repository: "r.example/b", tag: "sha256:ab" });
});

test("only this machine's engine is spoken to without encryption", () => {
  assert.deepEqual(parseEndpoint("tcp://127.0.0.1:99").options, { host: "127.0.0.1", port: 99 });
  assert.deepEqual(parseEndpoint("unix:///x.sock").options, { socketPath: "/x.sock" });
  for (const bad of ["tcp://10.0.0.1:2375", "ssh://host", "nonsense"])
    assert.throws(() => parseEndpoint(bad), { code: "docker-host-invalid" });
});

test("the engine's refusals get codes", () => {
  const codes: readonly (readonly [number, string, string])[] = [
    [404, "No such image: x:1", "image-missing"],
    [404, "No such container: x", "not-found"],
    [
      500,
      "driver failed programming external connectivity on endpoint e (f): Bind for 127.0.0.1:80 failed: port is already allocated",
      "port-taken",
    ],
    [500, "Error starting userland proxy: listen tcp4 127.0.0.1:80: bind: address already in use", "port-taken"],
    [409, 'Conflict. The container name "/x" is already in use by container "y".', "name-taken"],
    [500, "write /var/lib/docker/tmp/x: no space left on device", "image-disk-full"],
    [400, 'OCI runtime create failed: x: exec: "y": executable file not found in $PATH: unknown', "container-refused"],
    [500, "whatever", "engine-refused"],
  ];
  for (const [status, message, code] of codes) assert.equal(refusal("POST /x", status, JSON.stringify({ message })).code, code);
  assert.match(
    refusal("POST /x", 500, "Bind for 0.0.0.0:80 failed: port is already allocated").message,
    /^0\.0\.0\.0:80 is already in use/,
  );
});

test("exits are told in words", () => {
  const spec = { resources: { requests: {}, limits: { memory: 2 ** 26 } } };
  const exit = (exitCode: number, outOfMemory: boolean, line?: string) =>
    describeExit({ exitCode, outOfMemory, spec } as Parameters<typeof describeExit>[0], line).text;
  assert.deepEqual(
    [exit(137, true), exit(137, false), exit(143, false), exit(1, false, "boom"), exit(0, false)],
    ["out of memory (limit 64Mi)", "killed by SIGKILL (exit 137)", "killed by SIGTERM (exit 143)", "exit 1: boom", "exit 0"],
  );
});

test("the infra image is the same bytes every time, for both architectures", async () => {
  assert.deepEqual(await infraImageArchive("amd64"), await infraImageArchive("amd64"));
  assert.equal(infraProgram("amd64").length, 300);
  assert.equal(infraProgram("arm64").readUInt16LE(18), 183);
  assert.throws(() => infraProgram("riscv64"), { code: "engine-architecture" });
});

test("a network that ends again and again is made anew ever later; one that had lasted, at once", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const mishaps = new Mishaps();
  const wait = (): number => {
    mishaps.failNetwork("its network ended");
    mishaps.reset();
    return mishaps.nextAt() - Date.now();
  };
  assert.deepEqual([wait(), wait(), wait(), wait()], [0, 1000, 2000, 4000]);
  t.mock.timers.tick(120_000);
  assert.equal(wait(), 0);
  assert.equal(mishaps.nextAt("web"), 0);
});

test("a script's steps have what they were given, and their bytes where they say", () => {
  const bytes = Buffer.from("hello");
  const script = assembleScript("arm64", [
    { call: "sendto", arguments: [4, bytes, 5], expected: -11, failure: 3 },
    { call: "exit_group", arguments: [7], expected: 0, failure: 9 },
  ]);
  const words = Array.from({ length: 18 }, (_, at) => Number(script.readBigInt64LE(at * 8)));
  assert.deepEqual(words, [206, 4, 0x600000 + 144, 5, 0, 0, 0, -11, 3, 94, 7, 0, 0, 0, 0, 0, 0, 9]);
  assert.equal(script.toString("utf8", 144, 149), "hello");
  assert.throws(
    () => assembleScript("amd64", [{ call: "sendto", arguments: [Buffer.alloc(2 ** 20)], expected: 0, failure: 1 }]),
    RangeError,
  );
});

test("doors for probes are ports that nobody has, one for each port that a plug-in has taken over", () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  const taken = fc.record({
    port: fc.oneof(port, fc.integer({ min: 64_000, max: 64_010 })),
    protocol: fc.constantFrom("http" as const, "udp" as const),
    entry: fc.option(fc.oneof(port, fc.integer({ min: 64_000, max: 64_010 })), { nil: undefined }),
    inner: fc.option(fc.array(port), { nil: undefined }),
  });
  const key = { team: "t", application: "a", component: "web" };
  fc.assert(
    fc.property(fc.uniqueArray(taken, { selector: (each) => each.port, maxLength: 20 }), (list) => {
      const ports = list.map(({ entry, inner, ...rest }) => ({ ...rest, ...(entry && { entry }), ...(inner && { inner }) }));
      const pod = podOf(key, [], { ports });
      const ways = waysOf(pod, "172.18.0.1");
      const doors = ways.ports.flatMap(({ door }) => door ?? []);
      const used = new Set(ports.flatMap(({ port: own, entry, inner }) => [own, entry, ...(inner ?? [])]));
      assert.equal(new Set(doors).size, ports.filter(({ entry, protocol }) => entry !== undefined && protocol !== "udp").length);
      assert.deepEqual(
        doors.filter((door) => used.has(door)),
        [],
      );
      assert.deepEqual(
        withWays(frameOf(pod), ways).ports.map(({ entry }) => entry),
        ports.map(({ entry }) => entry),
      );
      for (const each of ports) assert.ok(probedPort(ways, each.port) === each.port || doors.includes(probedPort(ways, each.port)));
    }),
  );
});

test("further pods have names of their own, and host names that the kernel takes", () => {
  const key = { team: "t", application: "a", component: "web" };
  assert.deepEqual([infraName({ ...key, replica: 0 }), infraName({ ...key, replica: 2 })], ["outrigger.t.a.web", "outrigger.t.a.web_2"]);
  const long = { team: "t", application: "a".repeat(60), component: "b".repeat(60) };
  const names = [0, 1, 10].map((replica) => hostName({ ...long, replica }));
  assert.equal(new Set(names).size, 3);
  for (const name of names) assert.match(name, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])$/);
});
