import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type DriverServer, type Drivers, type ServeOptions, serveDriver } from "@outrigger/sdk/driver";
import { bodyOf, socketCaller } from "@outrigger/sdk/driver/test-kit";

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "driver-socket-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const quiet = { debug() {}, info() {}, warn() {}, error() {}, with: () => quiet };

interface Served {
  readonly socket: string;
  readonly server: DriverServer;
  readonly created: string[];
}

async function served(
  context: TestContext,
  options: ServeOptions = {},
  more: Partial<NonNullable<Drivers["volume"]>> = {},
): Promise<Served> {
  const socket = join(folder(context), "d.sock");
  const created: string[] = [];
  const volume: NonNullable<Drivers["volume"]> = {
    create: ({ name }) => void created.push(name),
    remove: () => undefined,
    mount: ({ name }) => `/data/${name}`,
    unmount: () => undefined,
    path: () => undefined,
    get: () => undefined,
    list: () => [],
    ...more,
  };
  const server = await serveDriver({ volume }, { socket, log: quiet, ownsProcess: false, ...options });
  context.after(() => server.close());
  return { socket, server, created };
}

/** Sends bytes and gives what comes back until `answers` answers are there or the connection ends. */
async function exchange(socket: string, bytes: string, answers = 1): Promise<string> {
  const connection = connect(socket);
  connection.write(bytes);
  let text = "";
  connection.on("data", (piece) => {
    text += piece.toString();
    if (text.split("HTTP/1.1 ").length > answers && text.includes("\r\n\r\n") && text.endsWith("}")) connection.destroy();
  });
  await once(connection, "close");
  return text;
}

const engineHead = "User-Agent: Go-http-client/1.1\r\nAccept: application/vnd.docker.plugins.v1.2+json\r\n";

test("bytes as Engine 20.10 sends them: an empty Host, no Content-Type, a newline behind the JSON, null maps", async (context) => {
  const { socket, created } = await served(context);
  const body = '{"Name":"data","Opts":null}\n';
  const answer = await exchange(
    socket,
    `POST /VolumeDriver.Create HTTP/1.1\r\nHost: \r\n${engineHead}Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  assert.equal(
    answer,
    'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.plugins.v1.2+json\r\nContent-Length: 10\r\nConnection: keep-alive\r\n\r\n{"Err":""}',
  );
  assert.deepEqual(created, ["data"]);
});

test("no Host at all, a newer engine's Host, chunks, Expect, a query: all are taken", async (context) => {
  const { socket, created } = await served(context);
  const body = '{"Name":"a"}';
  const heads = [
    `POST /VolumeDriver.Create HTTP/1.1\r\n${engineHead}Content-Length: 12\r\n\r\n${body}`,
    `POST /VolumeDriver.Create HTTP/1.1\r\nHost: plugin.moby.localhost\r\nContent-Length: 12\r\n\r\n${body}`,
    `POST /VolumeDriver.Create HTTP/1.1\r\nHost: \r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"Na\r\n8\r\nme":"a"}\r\n0\r\n\r\n`,
    `POST /VolumeDriver.Create?x=1 HTTP/1.1\r\nHost: \r\nContent-Length: 12\r\n\r\n${body}`,
  ];
  for (const head of heads) assert.match(await exchange(socket, head), /^HTTP\/1\.1 200 OK/);
  assert.equal(created.length, heads.length);
});

test("an engine's retry without its arguments is refused with the reason; where none are needed an empty body is right", async (context) => {
  const { socket, created } = await served(context);
  const empty = (method: string): string => `POST /${method} HTTP/1.1\r\nHost: \r\n${engineHead}Content-Length: 0\r\n\r\n`;
  assert.match(
    await exchange(socket, empty("VolumeDriver.Create")),
    /^HTTP\/1\.1 400 .*\{"Err":"The call came without its arguments\."\}$/s,
  );
  for (const method of ["Plugin.Activate", "VolumeDriver.List", "VolumeDriver.Capabilities"]) {
    assert.match(await exchange(socket, empty(method)), /^HTTP\/1\.1 200 OK/);
  }
  assert.deepEqual(created, []);
});

test("what is no call is refused: other verbs, unknown methods, bodies that are too long, heads that never end", async (context) => {
  const { socket, created } = await served(context, { bodyLimit: 64 });
  const post = (path: string, body: string): string => `POST ${path} HTTP/1.1\r\nHost: \r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  assert.match(await exchange(socket, "GET /VolumeDriver.List HTTP/1.1\r\nHost: \r\n\r\n"), /^HTTP\/1\.1 405 /);
  assert.match(await exchange(socket, post("/VolumeDriver.Nope", "{}")), /^HTTP\/1\.1 404 /);
  assert.match(await exchange(socket, post("/", "{}")), /^HTTP\/1\.1 404 /);
  assert.match(await exchange(socket, post("/VolumeDriver.Create", JSON.stringify({ Name: "a".repeat(64) }))), /^HTTP\/1\.1 413 /);
  assert.match(await exchange(socket, `POST /${"a".repeat(20_000)} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await exchange(socket, "\x16\x03\x01\x02\x00\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.deepEqual(created, []);
});

test("one connection carries many calls, also such that are sent before the answers are there", async (context) => {
  const { socket, created } = await served(context);
  const one = (name: number): string => {
    const body = JSON.stringify({ Name: String(name) });
    return `POST /VolumeDriver.Create HTTP/1.1\r\nHost: \r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  const names = Array.from({ length: 50 }, (_, index) => index);
  const answer = await exchange(socket, names.map(one).join(""), names.length);
  assert.equal(answer.match(/"Err":""/g)?.length, names.length);
  assert.deepEqual(created, names.map(String));
});

test("a call whose caller goes away is told so", async (context) => {
  const gone = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const { socket } = await served(
    context,
    {},
    {
      list(call) {
        call.signal.addEventListener("abort", () => gone.resolve());
        begun.resolve();
        return gone.promise.then(() => []);
      },
    },
  );
  const connection = connect(socket);
  connection.write("POST /VolumeDriver.List HTTP/1.1\r\nHost: \r\nContent-Length: 2\r\n\r\n{}");
  await begun.promise;
  connection.destroy();
  await gone.promise;
});

test("the socket is its owner's alone, replaces one that nobody answers at, and goes with the driver", async (context) => {
  const { socket, server } = await served(context);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  await assert.rejects(serveDriver({ metrics: metrics() }, { socket, log: quiet, ownsProcess: false }), {
    code: "driver-socket-taken",
    message: /another program answers/,
  });
  await server.close();
  assert.ok(!existsSync(socket));

  const child = spawn(process.execPath, [
    "-e",
    `require("node:net").createServer().listen(${JSON.stringify(socket)},()=>process.kill(process.pid,9))`,
  ]);
  await once(child, "exit");
  assert.ok(existsSync(socket), "left behind by a process that was killed");
  const second = await serveDriver({ metrics: metrics() }, { socket, log: quiet, ownsProcess: false });
  assert.deepEqual(second.implements, ["MetricsCollector"]);
  await second.close();

  writeFileSync(socket, "precious");
  await assert.rejects(serveDriver({ metrics: metrics() }, { socket, log: quiet, ownsProcess: false }), { code: "driver-socket-taken" });
  assert.ok(statSync(socket).isFile());
  await assert.rejects(serveDriver({ metrics: metrics() }, { log: quiet, ownsProcess: false }), { code: "driver-socket-unnamed" });
});

function metrics(): NonNullable<Drivers["metrics"]> {
  return { start: () => undefined, stop: () => undefined };
}

interface Program {
  readonly child: ChildProcess;
  readonly socket: string;
  readonly output: () => string;
  /** Resolves when the output has this text. */
  readonly says: (text: string) => Promise<void>;
}

async function program(context: TestContext, env: Readonly<Record<string, string>> = {}, before: readonly string[] = []): Promise<Program> {
  const socket = join(folder(context), "d.sock");
  const [command = process.execPath, ...words] = [...before, process.execPath, join(import.meta.dirname, "support", "volume-program.ts")];
  const child = spawn(command, words, { env: { ...process.env, OUTRIGGER_DRIVER_SOCKET: socket, ...env } });
  context.after(() => child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => (text += piece.toString()));
  const says = async (words: string): Promise<void> => {
    while (!text.includes(words)) await Promise.race([once(child.stdout, "data"), once(child.stderr, "data")]);
  };
  await says("serving");
  return { child, socket, output: () => text, says };
}

test("SIGTERM: a running call ends, the driver is closed, the process exits 0, its socket is gone", async (context) => {
  const { child, socket, output, says } = await program(context, { SLOW: "400", LOG_LEVEL: "debug" });
  const { call, close } = socketCaller(socket);
  const slow = call("VolumeDriver.Create", bodyOf({ Name: "slow" }));
  // Answered after the slow one has begun: both go through one loop.
  await call("VolumeDriver.List", bodyOf({}));
  child.kill("SIGTERM");
  await says("stopping");
  assert.equal((await slow).body.toString(), '{"Err":""}');
  const [code] = await once(child, "exit");
  close();
  assert.equal(code, 0);
  assert.match(output(), /closed/);
  assert.ok(!existsSync(socket));
});

test("SIGTERM: a call that does not end is aborted when its time is over", async (context) => {
  const { child, socket, output, says } = await program(context, { GRACE: "100" });
  const { call, close } = socketCaller(socket);
  const never = call("VolumeDriver.Create", bodyOf({ Name: "never" })).then(
    () => "answered",
    () => "cut",
  );
  await call("VolumeDriver.List", bodyOf({}));
  child.kill("SIGTERM");
  await says("stopping");
  const [code] = await once(child, "exit");
  close();
  assert.deepEqual([code, await never], [0, "cut"]);
  assert.match(output(), /aborted/);
});

test("as PID 1 of its own process namespace, as engines run it, it ends on SIGTERM", async (context) => {
  const { child, output } = await program(context, {}, ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]);
  const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ");
  process.kill(Number(pid), "SIGTERM");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.match(output(), /closed/);
});

test("a rejection that nobody handles is logged, and the driver goes on", async (context) => {
  const { socket, output, says } = await program(context);
  const { call, close } = socketCaller(socket);
  await call("VolumeDriver.Create", bodyOf({ Name: "reject" }));
  await says("nobody handles this");
  assert.equal((await call("VolumeDriver.List", bodyOf({}))).body.toString(), '{"Volumes":[{"Name":"reject"}],"Err":""}');
  assert.match(output(), /"level":"error"/);
  close();
});

/** What systemd does: it listens, passes the socket on as descriptor 3, and becomes the program. */
const activation = `
import os, socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen()
if listening.fileno() != 3:
    os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
`;

test("a socket that systemd passes on is served", async (context) => {
  const socket = join(folder(context), "systemd.sock");
  const words = ["-c", activation, socket, process.execPath, join(import.meta.dirname, "support", "volume-program.ts")];
  const child = spawn("python3", words);
  context.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const activate = "POST /Plugin.Activate HTTP/1.1\r\nHost: \r\nContent-Length: 0\r\n\r\n";
  assert.match(await exchange(socket, activate), /VolumeDriver/);
});
