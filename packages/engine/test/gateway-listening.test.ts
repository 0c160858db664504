import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, lstatSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Client } from "@outrigger/sdk";
import { createEngineClient, type Intercept, parseListener, parseUpstream, startGateway } from "../src/index.ts";
import { background, engineSocket, exchange, plainRequest, run, sleeper, temporaryFolder, testGateway, until } from "./support/gateway.ts";

const upstream = parseUpstream(`unix://${engineSocket}`);
const pass: Intercept = () => undefined;

for (const [text, reason] of [
  ["/var/run/x.sock", /starts with none of/],
  ["unix://x.sock", /not absolute/],
  [`unix:///${"x".repeat(101)}`, /more than 100 bytes/],
  ["unix:///x,mode=999", /octal/],
  ["unix:///x,mode=0660,mode=0600", /stands twice/],
  ["unix:///x,cert=a", /not one of mode=, group=, user=/],
  ["unix:///x,user=", /no value/],
  ["tcp://", /no HOST:PORT/],
  ["tcp://a:99999", /no HOST:PORT/],
  ["tcp://a:1,cert=x", /cert=, key= and ca=/],
  ["tcp://a:1,insecure=no", /insecure= is yes/],
  ["fd://3", /nothing after it/],
] as const) {
  test(`the listener ${text.slice(0, 40)} is refused`, () => {
    assert.throws(
      () => parseListener(text),
      (error: Error) => reason.test(error.message),
    );
  });
}

for (const text of [
  "docker.sock",
  "unix://x",
  "ssh://host",
  "tcp://example.org:2375",
  "tcp://example.org:2376,cert=/none,key=/none,ca=/none",
  "tcp://127.0.0.1:1,mode=1",
]) {
  test(`the upstream ${text} is refused`, () => {
    assert.throws(() => parseUpstream(text), { code: "upstream-invalid" });
  });
}

test("a unix socket has its mode and group, and is gone after the drain", async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, "a.sock");
  const gateway = await startGateway({ listen: [parseListener(`unix://${path},mode=0620,group=1`)], upstream, intercept: pass });
  const { mode, gid } = statSync(path);
  assert.equal((mode & 0o777).toString(8), "620");
  assert.equal(gid, 1);
  assert.deepEqual(readdirSync(folder), ["a.sock"]);
  assert.deepEqual(gateway.addresses, [`unix://${path}`]);
  await gateway.drain(0);
  assert.equal(existsSync(path), false);
});

test("a socket that is listened on is refused, a file too, and nothing else is listened on then", async (context) => {
  const folder = temporaryFolder(context);
  const live = await testGateway(context);
  const file = join(folder, "file");
  writeFileSync(file, "kept");
  for (const taken of [live.path, file]) {
    const other = join(folder, "other.sock");
    await assert.rejects(
      startGateway({ listen: [parseListener(`unix://${other}`), parseListener(`unix://${taken}`)], upstream, intercept: pass }),
      { code: "listener-failed" },
    );
    assert.equal(existsSync(other), false);
  }
  assert.match(await exchange(live.path, plainRequest("GET /_ping")), /OK$/);
  assert.ok(lstatSync(file).isFile());
});

test("a gateway that was killed leaves containers and streams of others alone, and a new one takes its socket", async (context) => {
  const path = join(temporaryFolder(context), "a.sock");
  const name = await sleeper(context);
  const script = `
    import { startGateway, parseListener, parseUpstream } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};
    await startGateway({ listen: [parseListener("unix://${path}")], upstream: parseUpstream("unix://${engineSocket}"), intercept: () => undefined });
    console.log("ready");
  `;
  const first = background(context, process.execPath, ["--input-type=module-typescript", "-e", script]);
  await until(() => first.text().includes("ready"), "the first gateway listens");
  const attached = run("docker", ["attach", "--sig-proxy=false", "--no-stdin", name], { host: `unix://${path}` });
  await until(async () => /OK$/.test(await exchange(path, plainRequest("GET /_ping"))), "it answers");
  first.child.kill("SIGKILL");
  await attached;
  assert.ok(existsSync(path));
  const { stdout } = await run("docker", ["inspect", "-f", "{{.State.Running}}", name]);
  assert.equal(stdout.trim(), "true");
  const second = await startGateway({ listen: [parseListener(`unix://${path}`)], upstream, intercept: pass });
  context.after(() => second.drain(0));
  assert.equal((await run("docker", ["exec", name, "echo", "here"], { host: `unix://${path}` })).stdout, "here\n");
});

test("draining lets a running request end, accepts nobody more, and closes what takes too long", async (context) => {
  const { gateway, path } = await testGateway(context);
  const name = await sleeper(context, ["sleep", "1"]);
  const waiting = exchange(path, plainRequest(`POST /containers/${name}/wait`), 10_000);
  const endless = exchange(path, plainRequest("GET /events"), 10_000);
  await until(() => gateway.connections() === 2, "both are connected");
  const drained = gateway.drain(3000);
  await assert.rejects(exchange(path, plainRequest("GET /_ping")));
  await drained;
  assert.match(await waiting, /"StatusCode":0/);
  assert.match(await endless, /^HTTP\/1\.1 200 OK/);
  assert.equal(gateway.connections(), 0);
});

test("plain TCP beyond loopback must be wanted twice", async () => {
  const start = (text: string, allowInsecure?: boolean) =>
    startGateway({ listen: [parseListener(text)], upstream, intercept: pass, ...(allowInsecure === undefined ? {} : { allowInsecure }) });
  for (const [text, allowed] of [
    ["tcp://0.0.0.0:0"],
    ["tcp://0.0.0.0:0", true],
    ["tcp://0.0.0.0:0,insecure=yes"],
    ["tcp://[::]:0", true],
    ["tcp://example.org:0"],
  ] as const) {
    await assert.rejects(start(text, allowed), { code: "listener-insecure" });
  }
  for (const [text, allowed] of [["tcp://127.0.0.1:0"], ["tcp://0.0.0.0:0,insecure=yes", true]] as const) {
    const gateway = await start(text, allowed);
    assert.match(gateway.addresses[0] ?? "", /^tcp:\/\/[\d.]+:\d+$/);
    await gateway.drain(0);
  }
});

/** An authority, and a server's and a client's certificate of it. */
function certificates(folder: string): (name: string) => string {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): Buffer => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  for (const authority of ["ca", "other-ca"])
    openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      at(`${authority}.key`),
      "-out",
      at(`${authority}.pem`),
      "-subj",
      "/CN=authority",
      "-days",
      "2",
    );
  for (const [name, authority, subject] of [
    ["server", "ca", "/CN=gateway"],
    ["client", "ca", "/O=example/CN=alice"],
    ["stranger", "other-ca", "/CN=mallory"],
  ] as const) {
    openssl("req", ...key, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`), "-subj", subject);
    writeFileSync(at("extensions"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    openssl(
      "x509",
      "-req",
      "-in",
      at(`${name}.csr`),
      "-CA",
      at(`${authority}.pem`),
      "-CAkey",
      at(`${authority}.key`),
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      at("extensions"),
      "-out",
      at(`${name}.pem`),
    );
  }
  return at;
}

test("mutual TLS: the certificate's name is the user, streams half-close, and strangers stay out", async (context) => {
  const at = certificates(temporaryFolder(context));
  const clients: Client[] = [];
  const gateway = await startGateway({
    listen: [parseListener(`tcp://127.0.0.1:0,cert=${at("server.pem")},key=${at("server.key")},ca=${at("ca.pem")},user=nobody`)],
    upstream,
    intercept: (_method, target) =>
      target.path === "/version"
        ? {
            handler: async (request, forward) => {
              clients.push(await request.client(true));
              return forward();
            },
          }
        : undefined,
  });
  context.after(() => gateway.drain(0));
  const [address = ""] = gateway.addresses;
  const docker = (who: string, ...args: string[]) => [
    "--tlsverify",
    "--tlscacert",
    at("ca.pem"),
    "--tlscert",
    at(`${who}.pem`),
    "--tlskey",
    at(`${who}.key`),
    "-H",
    address,
    ...args,
  ];
  const name = await sleeper(context);
  assert.equal((await run("docker", docker("client", "version"))).code, 0);
  assert.equal(clients[0]?.user, "alice");
  const big = Buffer.alloc(5_000_000, "x");
  const counted = await run("docker", docker("client", "exec", "-i", name, "wc", "-c"), { input: big });
  assert.equal(counted.stdout.trim(), String(big.length));
  assert.notEqual((await run("docker", docker("stranger", "version"))).code, 0);
  assert.equal(clients.length, 1);
  const plain = await new Promise<string>((resolve) => {
    const socket = connect(Number(address.split(":").at(-1)), "127.0.0.1", () => socket.write(plainRequest("GET /_ping")));
    let text = "";
    socket.on("data", (part: Buffer) => {
      text += part.toString("latin1");
    });
    socket.on("error", () => {});
    socket.once("close", () => resolve(text));
  });
  assert.doesNotMatch(plain, /OK/);
  // The same gateway is an engine with TLS for another one.
  const second = await testGateway(context, {
    upstream: parseUpstream(`${address},cert=${at("client.pem")},key=${at("client.key")},ca=${at("ca.pem")}`),
  });
  assert.equal(
    (await run("docker", ["exec", "-i", name, "wc", "-c"], { host: second.host, input: big })).stdout.trim(),
    String(big.length),
  );
});

async function whoAsks(context: TestContext, options: string): Promise<{ readonly path: string; readonly clients: Client[] }> {
  const folder = temporaryFolder(context);
  const path = join(folder, "a.sock");
  const clients: Client[] = [];
  const gateway = await startGateway({
    listen: [parseListener(`unix://${path},mode=0666${options}`)],
    upstream,
    intercept: () => ({
      handler: async ({ client }, forward) => {
        clients.push(await client(true));
        return forward();
      },
    }),
  });
  context.after(() => gateway.drain(0));
  execFileSync("chmod", ["755", folder]);
  return { path, clients };
}

test("the calling process of a unix socket is known by number and user", async (context) => {
  const { path, clients } = await whoAsks(context, "");
  await exchange(path, plainRequest("GET /_ping"));
  assert.deepEqual(clients[0], {
    listener: `unix://${path},mode=0666`,
    user: null,
    process: { pid: process.pid, uid: process.getuid?.(), user: userInfo().username },
  });
  const child = spawn("curl", ["-s", "--unix-socket", path, "http://docker/_ping"], { uid: 65_534, gid: 65_534, stdio: "ignore" });
  await new Promise((resolve) => child.once("close", resolve));
  assert.deepEqual(clients[1], {
    listener: `unix://${path},mode=0666`,
    user: null,
    process: { pid: child.pid, uid: 65_534, user: "nobody" },
  });
});

test("a socket that several processes share has no calling process, rather than a wrong one", async (context) => {
  const { path, clients } = await whoAsks(context, ",user=team");
  const script =
    "import os,socket,sys,time\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\nif os.fork()==0:\n  time.sleep(3)\n  sys.exit()\ns.sendall(b'GET /_ping HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')\ns.recv(100)\n";
  await run("python3", ["-c", script, path]);
  assert.deepEqual(clients, [{ listener: `unix://${path},mode=0666,user=team`, user: "team" }]);
});

test("sockets that systemd passed are listened on", async (context) => {
  const path = join(temporaryFolder(context), "passed.sock");
  const passed = createServer();
  await new Promise<void>((resolve) => passed.listen(path, resolve));
  const script = `
    import { startGateway, parseListener, parseUpstream } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};
    process.env.LISTEN_PID = process.env.WRONG ?? String(process.pid);
    const { addresses } = await startGateway({ listen: [parseListener("fd://")], upstream: parseUpstream("unix://${engineSocket}"), intercept: () => undefined });
    console.log(addresses.join());
  `;
  const handle: unknown = Reflect.get(passed, "_handle");
  const fd = typeof handle === "object" && handle !== null && "fd" in handle && typeof handle.fd === "number" ? handle.fd : -1;
  const start = (env: Readonly<Record<string, string>>) =>
    spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
      env: { ...process.env, LISTEN_FDS: "1", ...env },
      stdio: ["ignore", "pipe", "pipe", fd],
    });
  const child = start({});
  context.after(() => child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  passed.close();
  assert.match(
    await run("curl", ["-s", "--unix-socket", path, "http://docker/_ping"]).then(({ stdout, code }) => `${code}${stdout}`),
    /OK|^7/,
  );
  const refused = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    env: { ...process.env, WRONG: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  refused.stderr?.on("data", (part: Buffer) => {
    words += part.toString();
  });
  await new Promise((resolve) => refused.once("close", resolve));
  assert.match(words, /systemd passed no sockets/);
});

test("the engine client asks, refuses as the engine does, and ends with its signal", async (context) => {
  const client = createEngineClient(upstream);
  context.after(() => client.close());
  assert.equal((await client.ask<{ ApiVersion: string }>({ path: "/version", version: "1.41" })).ApiVersion, "1.41");
  await assert.rejects(client.ask({ path: "/containers/none/json" }), {
    code: "engine-refused",
    message: /GET \/containers\/none\/json \(404\): No such container: none/,
  });
  await assert.rejects(client.ask({ method: "POST", path: "/volumes/create", body: { Name: "a/b" } }), { code: "engine-refused" });
  assert.equal(await client.ask({ path: "/_ping", method: "HEAD" }), undefined);
  const lists = await client.ask<unknown[]>({
    path: "/containers/json",
    query: { filters: JSON.stringify({ name: ["none-of-this-name"] }) },
  });
  assert.deepEqual(lists, []);
  const stop = new AbortController();
  const events = await client.stream({ path: "/events", query: { filters: '{"container":["none"]}' }, signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(async () => {
    for await (const _ of events) assert.fail("no event was expected");
  });
  const none = createEngineClient(parseUpstream("unix:///nonexistent.sock"));
  await assert.rejects(none.ask({ path: "/info" }), { code: "upstream-unreachable" });
});
