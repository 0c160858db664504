import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectSocket, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { encode, engineErrors, startCriProxy } from "@outrigger/engine";
import { type CriInput, pluginSource } from "./support/plugin-source.ts";

const createPath = "/runtime.v1.RuntimeService/CreateContainer";
const grpc = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };

type Answer = (stream: ServerHttp2Stream, headers: readonly string[]) => void;

interface Setup {
  readonly client: ClientHttp2Session;
  readonly folder: string;
  readonly socket: string;
  readonly upstream: Http2Server;
  readonly restart: () => Promise<void>;
  readonly leases: () => number;
}

/** The proxy between a client and a server whose answers the test gives: the real runtime can't be asked for these. */
async function setup(
  context: TestContext,
  answer: Answer,
  change: (input: CriInput) => CriInput | undefined = () => undefined,
): Promise<Setup> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-proxy-"));
  const [socket, upstreamSocket] = [join(folder, "proxy.sock"), join(folder, "upstream.sock")];
  const sessions = new Set<{ destroy: () => void }>();
  const server = (): Http2Server =>
    createServer({ maxSessionMemory: 100 })
      .on("session", (session) => sessions.add(session))
      .on("stream", (stream: ServerHttp2Stream, _, __, raw) =>
        answer(
          stream.on("error", () => undefined),
          raw as unknown as string[],
        ),
      )
      .listen(upstreamSocket);
  let upstream = server();
  await once(upstream, "listening");
  const plugins = pluginSource(change);
  const proxy = await startCriProxy({ listen: `unix://${socket}`, upstream: upstreamSocket, plugins });
  const client = connect("http://localhost", { createConnection: () => connectSocket(socket) }).on("error", () => undefined);
  context.after(async () => {
    client.destroy();
    await proxy.close(0);
    for (const session of sessions) session.destroy();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const restart = async (): Promise<void> => {
    for (const session of sessions) session.destroy();
    upstream.close();
    await once(upstream, "close");
    upstream = server();
    await once(upstream, "listening");
  };
  return { client, folder, socket, upstream, restart, leases: plugins.leases };
}

interface Reply {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly raw: readonly string[];
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, unknown>>;
}

async function reply(call: ClientHttp2Stream): Promise<Reply> {
  let headers = {};
  let trailers = {};
  let raw: readonly string[] = [];
  call.on("response", (seen, _, list) => {
    headers = { ...seen };
    raw = list as unknown as string[];
  });
  call.on("trailers", (seen) => {
    trailers = { ...seen };
  });
  const body = Buffer.concat(await Array.fromAsync(call as AsyncIterable<Buffer>));
  return { headers, raw, body, trailers };
}

function framed(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Sends back what came, and in the trailers how it came. */
function echo(stream: ServerHttp2Stream, raw: readonly string[]): void {
  stream.respond(
    [":status", "200", "content-type", "application/grpc", "x-two", "b", "x-two", "a"] as never,
    { waitForTrailers: true, sendDate: false } as never,
  );
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-headers": JSON.stringify(raw) }));
  stream.pipe(stream);
}

test("any call passes as the bytes and headers that came, in order, with its trailers", async (context) => {
  const { client } = await setup(context, echo);
  const headers = [":method", "POST", ":path", "/runtime.v1.ImageService/PullImage", ":scheme", "http", ":authority", "localhost"];
  const more = [
    "te",
    "trailers",
    "content-type",
    "application/grpc",
    "grpc-timeout",
    "3600S",
    "user-bin",
    "AAEC",
    "x-a",
    "2",
    "x-b",
    "1",
    "x-a",
    "3",
  ];
  const call = client.request([...headers, ...more]);
  const content = randomBytes(3_000_000);
  call.end(content);
  const { body, raw, trailers } = await reply(call);
  assert.deepEqual(raw, [":status", "200", "content-type", "application/grpc", "x-two", "b", "x-two", "a"]);
  assert.ok(body.equals(content));
  assert.deepEqual(JSON.parse(String(trailers["x-headers"])), [...headers, ...more]);
  assert.equal(trailers["grpc-status"], "0");
});

test("streams go both ways at once, and an answer without a body stays one", async (context) => {
  const { client } = await setup(context, (stream, raw) => {
    if (raw.includes("/x/Nothing"))
      stream.respond({ ":status": 200, "grpc-status": "12", "grpc-message": "no%20way" }, { endStream: true });
    else echo(stream, raw);
  });
  const call = client.request({ ...grpc, ":path": "/runtime.v1.RuntimeService/GetContainerEvents" });
  for (const word of ["one", "two", "three"]) {
    call.write(word);
    assert.equal(String((await once(call, "data"))[0]), word, "before the call has ended");
  }
  call.end();
  await once(call, "close");
  const nothing = client.request({ ...grpc, ":path": "/x/Nothing" });
  const response = once(nothing, "response");
  nothing.end();
  const [headers, flags] = (await response) as [Record<string, string>, number];
  assert.deepEqual([headers["grpc-status"], headers["grpc-message"], flags & 1], ["12", "no%20way", 1]);
});

test("a slow reader slows the other side down", async (context) => {
  let written = 0;
  const { client } = await setup(context, (stream) => {
    stream.respond({ ":status": 200 });
    const fill = (): void => {
      while (written < 200_000_000 && stream.writable) {
        written += 65_536;
        if (!stream.write(Buffer.alloc(65_536))) return void stream.once("drain", fill);
      }
    };
    fill();
  });
  const call = client.request({ ...grpc, ":path": "/x/Much" }).on("error", () => undefined);
  await once(call, "response");
  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.ok(written < 50_000_000, `${written} bytes were taken though nobody read them`);
  call.close(8);
});

test("giving up on one side is giving up on the other, with the same code", async (context) => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const { client } = await setup(context, (stream, raw) => {
    if (raw.includes("/x/Reset")) return stream.close(11);
    stream.respond({ ":status": 200 });
    stream.write("x");
    stream.once("close", () => resolve(stream.rstCode));
  });
  const cancelled = client.request({ ...grpc, ":path": "/x/Wait" }).on("error", () => undefined);
  await once(cancelled, "data");
  cancelled.close(8);
  assert.equal(await promise, 8);
  const reset = client.request({ ...grpc, ":path": "/x/Reset" }).on("error", () => undefined);
  await new Promise((closed) => reset.once("close", closed));
  assert.equal(reset.rstCode, 11);
});

test("a runtime that is gone is unavailable, and found again when it is back", async (context) => {
  const { client, restart, upstream, folder } = await setup(context, (stream, raw) => {
    if (!raw.includes("/x/Hang")) echo(stream, raw);
  });
  const hanging = client.request({ ...grpc, ":path": "/x/Hang" });
  const hung = reply(hanging);
  await once(upstream, "stream");
  await restart();
  assert.equal((await hung).headers["grpc-status"], "14");
  const call = client.request({ ...grpc, ":path": "/x/Again" });
  call.end("again");
  assert.equal(String((await reply(call)).body), "again");
  rmSync(join(folder, "upstream.sock"));
  const other = await startCriProxy({
    listen: join(folder, "other.sock"),
    upstream: join(folder, "nobody.sock"),
    plugins: pluginSource(() => undefined),
  });
  context.after(() => other.close(0));
  const lonely = connect("http://localhost", { createConnection: () => connectSocket(join(folder, "other.sock")) });
  context.after(() => lonely.destroy());
  const { headers } = await reply(lonely.request({ ...grpc, ":path": "/x/Any" }).end());
  assert.equal(headers["grpc-status"], "14");
  assert.match(String(headers["grpc-message"]), /nobody\.sock does not answer: connect ENOENT/);
});

const request = { pod_sandbox_id: "p", config: { metadata: { name: "web" } }, sandbox_config: { hostname: "h" } };

/** The same message as other libraries might write it: fields in another order, with one that nobody knows. */
const oddMessage = Buffer.concat([
  encode("CreateContainerRequest", { config: request.config }),
  Buffer.from("9a3e0161", "hex"),
  encode("CreateContainerRequest", { pod_sandbox_id: "p" }),
]);

test("CreateContainer reaches the runtime as the very bytes that came where no plug-in changes it, also compressed", async (context) => {
  const seen: CriInput[] = [];
  const { client, leases } = await setup(context, echo, (input) => void seen.push(input));
  for (const [body, encoding] of [
    [framed(oddMessage), "identity"],
    [framed(gzipSync(oddMessage), 1), "gzip"],
    [framed(oddMessage), "snappy"],
  ] as const) {
    const call = client.request({ ...grpc, ":path": createPath, "grpc-encoding": encoding });
    call.end(body);
    const answer = await reply(call);
    assert.deepEqual([answer.trailers["grpc-status"], answer.body], ["0", body]);
  }
  assert.deepEqual(seen, Array(3).fill({ config: { metadata: { name: "web" } }, sandboxConfig: {} }));
  assert.equal(leases(), 0);
});

test("a changed CreateContainer keeps what nobody knows, and is sent plain", async (context) => {
  const { client } = await setup(context, echo, ({ config, sandboxConfig }) => ({ config: { ...config, tty: true }, sandboxConfig }));
  const call = client.request({ ...grpc, ":path": createPath, "grpc-encoding": "gzip" });
  call.end(framed(gzipSync(oddMessage), 1));
  const wanted = Buffer.concat([
    encode("CreateContainerRequest", { pod_sandbox_id: "p", config: { ...request.config, tty: true } }),
    Buffer.from("9a3e0161", "hex"),
  ]);
  assert.deepEqual((await reply(call)).body, framed(wanted));
});

test("a CreateContainer that can't be looked into is refused and never sent on", async (context) => {
  let calls = 0;
  const { client, leases } = await setup(context, () => {
    calls += 1;
  });
  const bomb = framed(gzipSync(Buffer.alloc(20 * 1024 * 1024)), 1);
  const cases: readonly (readonly [Buffer, string, string])[] = [
    [Buffer.alloc(0), "identity", "3"],
    [Buffer.from("0000000005aa", "hex"), "identity", "3"],
    [Buffer.concat([framed(oddMessage), framed(oddMessage)]), "identity", "3"],
    [framed(Buffer.from("ffff", "hex")), "identity", "3"],
    [framed(oddMessage, 1), "identity", "3"],
    [framed(oddMessage, 2), "gzip", "3"],
    [framed(oddMessage, 1), "gzip", "3"],
    [framed(gzipSync(oddMessage), 1), "deflate", "12"],
    [bomb, "gzip", "8"],
    [framed(Buffer.alloc(17 * 1024 * 1024)), "identity", "8"],
  ];
  for (const [body, encoding, status] of cases) {
    const call = client.request({ ...grpc, ":path": createPath, "grpc-encoding": encoding }).on("error", () => undefined);
    const response = once(call, "response");
    call.end(body);
    const [headers] = (await response) as [Record<string, string>];
    assert.equal(headers["grpc-status"], status, `${body.length} bytes, ${encoding}: ${headers["grpc-message"]}`);
    call.close();
  }
  assert.deepEqual([calls, leases()], [0, 0]);
});

test("no other way to write its path leads past the plug-ins", async (context) => {
  let asked = 0;
  const { client } = await setup(context, echo, () => {
    asked += 1;
    return undefined;
  });
  const paths = [createPath, createPath.slice(1), createPath.replace("v1", "v1alpha2"), createPath.replace("v1", "v1alpha2").slice(1)];
  for (const [index, path] of paths.entries()) {
    const call = client.request({ ...grpc, ":scheme": "grpc", ":path": path });
    call.end(framed(oddMessage));
    await reply(call);
    assert.equal(asked, index + 1, path);
  }
});

test("a client that goes while plug-ins think ends their call, and the runtime hears nothing", async (context) => {
  let calls = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const folder = mkdtempSync(join(tmpdir(), "outrigger-proxy-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
  const plugins = pluginSource(async (_, { signal }) => {
    resolve();
    await once(signal, "abort");
    abort();
    throw engineErrors["plugin-failed"]({ plugin: "slow", hook: "cri.preCreateContainer", reason: "it was told to stop" });
  });
  const upstream = createServer().on("stream", () => {
    calls += 1;
  });
  upstream.listen(join(folder, "upstream.sock"));
  const socket = join(folder, "proxy.sock");
  const proxy = await startCriProxy({ listen: socket, upstream: join(folder, "upstream.sock"), plugins });
  const client = connect("http://localhost", { createConnection: () => connectSocket(socket) });
  const call = client.request({ ...grpc, ":path": createPath }).on("error", () => undefined);
  call.end(framed(oddMessage));
  await promise;
  call.close(8);
  await aborted;
  client.destroy();
  await proxy.close();
  upstream.close();
  assert.deepEqual([calls, plugins.leases()], [0, 0]);
});

test("the socket is its owner's alone; a stale one makes way, one in use and a file do not", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-proxy-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const start = (listen: string): ReturnType<typeof startCriProxy> =>
    startCriProxy({ listen, upstream: "/none", plugins: pluginSource(() => undefined) });
  const socket = join(folder, "cri.sock");
  const before = createSocket().listen(socket);
  await once(before, "listening");
  await assert.rejects(start(socket), { code: "cri-listen-failed", message: /another process listens there/ });
  writeFileSync(join(folder, "file"), "");
  await assert.rejects(start(join(folder, "file")), { code: "cri-listen-failed" });
  assert.ok(existsSync(join(folder, "file")));
  await assert.rejects(start("tcp://0.0.0.0:1"), { code: "cri-listen-failed", message: /it is no unix/ });
  await assert.rejects(start(join(folder, "none", "cri.sock")), { code: "cri-listen-failed" });
  before.close();
  await staleSocket(socket);
  const proxy = await start(`unix://${socket}`);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  await proxy.close();
  assert.ok(!existsSync(socket));
});

/** What a process that was killed leaves behind. */
async function staleSocket(path: string): Promise<void> {
  const { spawnSync } = await import("node:child_process");
  spawnSync(process.execPath, [
    "-e",
    `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`,
  ]);
  assert.ok(existsSync(path));
}
