import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Metadata } from "@grpc/grpc-js";
import { register } from "@grpc/grpc-js-xds";
import { type Backend, type Caller, openCaller, startBackend } from "./support/grpc-backends.ts";
import { documentOf, endpointsAt, serviceOf, shopNode, startTestServer, testSource } from "./support/xds-source.ts";

register();

// The client holds what it no longer needs for another 15 minutes, even when it is closed; that must not hold the process.
const setAnyTimeout = globalThis.setTimeout;
globalThis.setTimeout = ((run: () => void, ms?: number, ...values: []) => {
  const timer = setAnyTimeout(run, ms, ...values);
  return (ms ?? 0) >= 10_000 ? timer.unref() : timer;
}) as typeof setTimeout;

let one: Backend;
let two: Backend;

before(async () => {
  [one, two] = await Promise.all([startBackend("one"), startBackend("two")]);
});
after(() => {
  one.close();
  two.close();
});

const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "xds.md"), "utf8");

/** A gRPC client without a proxy, as its makers ship it, with the bootstrap file of docs/xds.md. */
function xdsCaller(port: number, target: string, token = ""): Caller {
  const bootstrap = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const filled = bootstrap
    .replace("XDS_HOST_IP:XDS_HOST_PORT", `127.0.0.1:${port}`)
    .replace("TEAM.APPLICATION_PLUGIN_COMPONENT", `${shopNode}~shop-web-1`)
    .replace('"TOKEN"', JSON.stringify(token));
  return openCaller(`xds:///${target}`, { "grpc.TEST_ONLY_DO_NOT_USE_IN_PROD.xds_bootstrap_config": filled });
}

/** Until the calls go as expected, which takes the client a moment. */
async function until(caller: Caller, calls: number, holds: (counts: Readonly<Record<string, number>>) => boolean): Promise<void> {
  let counts: Readonly<Record<string, number>> = {};
  for (let tries = 0; tries < 100; tries += 1) {
    counts = await caller.count(calls);
    if (holds(counts)) return;
    await sleep(50);
  }
  assert.fail(`after 100 tries the calls still go ${JSON.stringify(counts)}`);
}

test("a gRPC client resolves a dependency and balances over its replicas", async (t) => {
  const api = serviceOf("api", { endpoints: endpointsAt("api", one.port, two.port) });
  const source = testSource(documentOf([api]), "sesame");
  const server = await startTestServer(source);
  const caller = xdsCaller(server.port, "api:5000", "sesame");
  t.after(() => caller.close());
  t.after(() => server.close());

  await until(caller, 20, ({ one = 0, two = 0 }) => one > 0 && two > 0);
  assert.deepEqual(await caller.count(200), { one: 100, two: 100 });
  assert.deepEqual(source.requests[0], { node: shopNode, token: "sesame", address: "127.0.0.1" });
  const short = xdsCaller(server.port, "api", "sesame");
  assert.match(await short.call(), /one|two/);
  short.close();
});

test("a live change of weights moves the traffic, within 5 points over 1000 calls", async (t) => {
  const at = (WEIGHTS: string) =>
    documentOf([serviceOf("api", { endpoints: endpointsAt("api", one.port, two.port), options: { WEIGHTS } })]);
  const source = testSource(at("0=50,1=50"));
  const server = await startTestServer(source);
  const caller = xdsCaller(server.port, "api:5000");
  t.after(() => caller.close());
  t.after(() => server.close());
  await until(caller, 50, ({ one = 0, two = 0 }) => one > 10 && two > 10);

  for (const [weights, share] of [
    ["0=80,1=20", 800],
    ["0=1,1=9", 100],
    ["0=100,1=0", 1000],
  ] as const) {
    source.set(at(weights));
    await sleep(300);
    const { one: ones = 0 } = await caller.count(1000);
    t.diagnostic(`${weights}: ${ones} of 1000 calls to the first replica`);
    assert.ok(Math.abs(ones - share) <= 50, `${weights}: ${ones} of 1000`);
  }
});

test("weights by component, a canary and routes by header lead to another component", async (t) => {
  const at = (options: Readonly<Record<string, string>>) =>
    documentOf([
      serviceOf("api", { endpoints: endpointsAt("api", one.port), options }),
      serviceOf("api-next", { endpoints: endpointsAt("api-next", two.port) }),
    ]);
  const source = testSource(at({ WEIGHTS: "api=80,api-next=20", ROUTES: "x-group=beta -> api-next" }));
  const server = await startTestServer(source);
  const caller = xdsCaller(server.port, "api:5000");
  t.after(() => caller.close());
  t.after(() => server.close());
  await until(caller, 50, ({ two = 0 }) => two > 0);

  const weighted = await caller.count(1000);
  assert.ok(Math.abs((weighted["two"] ?? 0) - 200) <= 50, JSON.stringify(weighted));
  const beta = new Metadata();
  beta.set("x-group", "beta");
  assert.deepEqual(new Set(await Promise.all(Array.from({ length: 20 }, () => caller.call(beta)))), new Set(["two"]));

  source.set(at({ CANARY: "api-next", CANARY_SHARE: "10" }));
  await sleep(300);
  const canary = await caller.count(1000);
  assert.ok(Math.abs((canary["two"] ?? 0) - 100) <= 50, JSON.stringify(canary));
  source.set(at({}));
  await until(caller, 50, ({ one = 0 }) => one === 50);
});

test("a replica that goes away is left out without a failed call, and taken in again", async (t) => {
  const three = await startBackend("three");
  const at = (ready: boolean) => {
    const [first, second] = endpointsAt("api", one.port, three.port);
    assert.ok(first !== undefined && second !== undefined);
    return documentOf([serviceOf("api", { endpoints: [first, { ...second, ready }] })]);
  };
  const source = testSource(at(true));
  const server = await startTestServer(source);
  const caller = xdsCaller(server.port, "api:5000");
  t.after(() => caller.close());
  t.after(() => server.close());
  await until(caller, 20, ({ three = 0 }) => three > 0);

  source.set(at(false));
  await until(caller, 20, ({ one = 0 }) => one === 20);
  source.set(at(true));
  await until(caller, 20, ({ three = 0 }) => three > 0);
  three.close();
  await until(caller, 20, ({ one = 0 }) => one === 20);
});

test("a timeout is kept", async (t) => {
  const slow = await startBackend("slow", 3000);
  t.after(() => slow.close());
  const source = testSource(documentOf([serviceOf("api", { endpoints: endpointsAt("api", slow.port), options: { TIMEOUT: "1" } })]));
  const server = await startTestServer(source);
  const caller = xdsCaller(server.port, "api:5000");
  t.after(() => caller.close());
  t.after(() => server.close());
  await assert.rejects(caller.call(), /DEADLINE_EXCEEDED/);
});

test("while the server is away clients go on with what they have; when it is back they follow changes", async (t) => {
  const at = (WEIGHTS: string) =>
    documentOf([serviceOf("api", { endpoints: endpointsAt("api", one.port, two.port), options: { WEIGHTS } })]);
  const source = testSource(at("0=1,1=0"));
  const server = await startTestServer(source);
  const caller = xdsCaller(server.port, "api:5000");
  t.after(() => caller.close());
  await until(caller, 20, ({ one = 0 }) => one === 20);

  await server.close();
  assert.deepEqual(await caller.count(100), { one: 100 });
  assert.equal(source.watchers(), 0);

  const again = await startTestServer(source, { port: server.port });
  t.after(() => again.close());
  source.set(at("0=0,1=1"));
  await until(caller, 20, ({ two = 0 }) => two === 20);
});
