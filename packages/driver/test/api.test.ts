import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { digestInstallPanics, openPluginApi, type PluginApi, parseAddress, serveDrivers } from "@outrigger/driver";
import { hostParts, type TestHost, volumeDriver } from "./support/host.ts";
import { storePackage } from "./support/store.ts";

const exec = promisify(execFile);
const name = "tools/vol:1";

interface Served extends TestHost {
  readonly socket: string;
  readonly api: PluginApi;
  readonly docker: (...args: readonly string[]) => Promise<{ readonly stdout: string; readonly stderr: string }>;
}

async function serve(context: TestContext): Promise<Served> {
  const test = hostParts(context);
  const socket = join(test.folder, "api.sock");
  const served = await serveDrivers(test.parts, socket);
  context.after(() => served.close());
  const docker = async (...args: readonly string[]) =>
    exec("docker", ["-H", `unix://${socket}`, ...args]).catch((error: { stdout: string; stderr: string }) => error);
  return { ...test, socket, api: openPluginApi(`unix://${socket}`), docker };
}

async function install(test: Served): Promise<void> {
  const { reference, from, granted } = await storePackage(test.folder, name, volumeDriver());
  const remote = { reference: `docker.io/${reference.repository}:${reference.tag}`, from: from ?? "" };
  assert.deepEqual(await test.api.privileges(remote), granted);
  await Array.fromAsync(test.api.pull(remote, undefined, granted));
}

function raw(socketPath: string, method: string, path: string, body = ""): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    request({ socketPath, method, path, agent: false }, async (response) => {
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += String(piece);
      resolve({ status: response.statusCode ?? 0, text });
    })
      .once("error", reject)
      .end(body);
  });
}

test("the stock docker command lists, inspects, sets, enables, disables and removes drivers of the host", async (context) => {
  const test = await serve(context);
  await install(test);
  const { docker } = test;
  assert.match((await docker("plugin", "ls")).stdout, /tools\/vol:1 .*false/);
  assert.equal((await docker("plugin", "set", name, "GREETING=you")).stderr, "");
  assert.match((await docker("plugin", "set", name, "NOPE=1")).stderr, /There is no setting "NOPE"/);
  assert.equal((await docker("plugin", "enable", name)).stderr, "");
  assert.match((await docker("plugin", "enable", name)).stderr, /enabled already/);
  assert.match((await docker("plugin", "ls", "--filter", "enabled=true", "--filter", "capability=volumedriver")).stdout, /tools\/vol:1/);
  assert.doesNotMatch((await docker("plugin", "ls", "--filter", "capability=authz")).stdout, /tools\/vol/);
  assert.match((await docker("plugin", "ls", "--filter", "foo=1")).stderr, /invalid filter 'foo'/);
  const [inspected] = JSON.parse((await docker("plugin", "inspect", name)).stdout);
  assert.deepEqual([inspected.Outrigger.state, inspected.Settings.Env], ["healthy", ["MODE=", "GREETING=you"]]);
  assert.match((await docker("plugin", "rm", name)).stderr, /is enabled/);
  assert.equal((await docker("plugin", "disable", inspected.Id.slice(0, 12))).stderr, "");
  assert.match((await docker("plugin", "disable", name)).stderr, /disabled already/);
  assert.equal((await docker("plugin", "rm", name)).stderr, "");
  assert.match((await docker("plugin", "inspect", name)).stderr, /no driver/i);
});

test("logs and rollback are calls of our own; a progress stream that fails says so in its last line", async (context) => {
  const test = await serve(context);
  await install(test);
  await test.api.enable(name, 0);
  const log = Buffer.concat(await Array.fromAsync(test.api.logs(name, false))).toString();
  assert.match(log, /start hello/);
  await assert.rejects(test.api.rollback(name, false), { code: "plugin-api-denied", message: /no version .* before/ });
  const missing = { reference: "docker.io/tools/nothing:1", from: join(test.folder, "store") };
  await assert.rejects(test.api.privileges(missing), { code: "plugin-api-denied", message: /\(404\).*nothing/ });
  await assert.rejects(Array.fromAsync(test.api.pull(missing, undefined, [])), { code: "plugin-api-denied" });
});

test("attack: what is no call of the API is refused and changes nothing", async (context) => {
  const test = await serve(context);
  const { socket } = test;
  assert.equal(statSync(socket).mode & 0o777, 0o600, "nobody else may speak to it: whoever can is root");
  await install(test);
  const cases: readonly (readonly [string, string, string, number])[] = [
    ["POST", "/plugins/create?name=x", "", 404],
    ["GET", "/v1.41/containers/json", "", 404],
    ["POST", "/plugins/pull?remote=..%2F..%2Fetc", "[]", 400],
    ["POST", "/plugins/pull?remote=tools/vol:1&from=relative", "[]", 400],
    ["POST", "/plugins/pull", "[]", 400],
    ["POST", "/plugins/pull?remote=tools/other:1&from=/nowhere", "[]", 404],
    ["POST", "/plugins/pull?remote=tools/vol:1&from=/nowhere", "not json", 400],
    ["POST", "/plugins/pull?remote=tools/vol:1&from=/nowhere", '[{"Name":1}]', 400],
    ["POST", `/plugins/${name}/set`, '{"MODE":"x"}', 400],
    ["POST", `/plugins/${name}/set`, "[1]", 400],
    ["POST", `/plugins/${name}/enable?timeout=soon`, "", 400],
    ["GET", "/plugins?filters=%7B", "", 400],
    ["GET", "/plugins/%ff/json", "", 400],
    ["GET", "/plugins/..%2f..%2fetc/json", "", 404],
    ["DELETE", "/plugins/nope", "", 404],
    ["GET", "/plugins/nope/logs", "", 404],
  ];
  for (const [method, path, body, status] of cases) {
    const answer = await raw(socket, method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    assert.equal(typeof JSON.parse(answer.text).message, "string");
  }
  assert.equal((await test.api.list()).length, 1);
});

test("versions of engines that crash when they install by digest", () => {
  const crash = ["20.10.24", "20.10.24+dfsg1", "23.0.14", "24.0.0", "24.0.9", "25.0.0", "25.0.2", "19.03.1", "dev", ""];
  const good = ["23.0.15", "25.0.3", "25.0.14", "26.0.0", "27.5.1", "28.0.0-rc.1", "v29.7.2"];
  for (const version of crash) assert.ok(digestInstallPanics(version), version);
  for (const version of good) assert.ok(!digestInstallPanics(version), version);
});

test("nothing but the question for its version is sent to an engine that would crash", async (context) => {
  const asked: string[] = [];
  const engine = createServer((incoming, answer) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    answer.end(JSON.stringify({ Version: "20.10.24", ApiVersion: "1.41" }));
  }).listen(0, "127.0.0.1");
  await once(engine, "listening");
  context.after(() => engine.close());
  const address = engine.address();
  const api = openPluginApi(`tcp://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  const remote = { reference: `127.0.0.1:5000/tools/vol@sha256:${"a".repeat(64)}` };
  const refused = { code: "digest-install-panics", message: /20\.10\.24/ };
  await assert.rejects(api.privileges(remote), refused);
  await assert.rejects(Array.fromAsync(api.pull(remote, undefined, [])), refused);
  await assert.rejects(Array.fromAsync(api.upgrade("vol", remote, [], false)), refused);
  assert.deepEqual([...new Set(asked)], ["GET /version"]);
});

test("addresses are Unix sockets, or TCP on this machine", () => {
  assert.deepEqual(parseAddress("unix:///run/x.sock").options, { socketPath: "/run/x.sock" });
  assert.deepEqual(parseAddress("tcp://127.0.0.1:2375").options, { host: "127.0.0.1", port: 2375 });
  for (const wrong of ["tcp://example.org:2375", "tcp://10.0.0.1:1", "http://localhost", "run/x.sock", "unix://x", "", "tcp://localhost/x"])
    assert.throws(() => parseAddress(wrong), { code: "address-invalid" }, wrong);
});
