import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import type { DiscoveryDocument } from "@outrigger/pod";
import type { XdsServerOptions } from "../src/discovery/xds/xds-server.ts";
import {
  documentOf,
  endpointsAt,
  portOf,
  serviceOf,
  shopNode,
  startTestServer,
  statusError,
  type TestSource,
  testSource,
} from "./support/xds-source.ts";
import { type Answer, openStream, type StreamOptions, type TestStream, types, url } from "./support/xds-stream.ts";

const node = { id: `${shopNode}~shop-web` };
const api = serviceOf("api", { endpoints: endpointsAt("api", 5001, 5002) });
const next = serviceOf("api-next", { listen_port: 65_311, endpoints: endpointsAt("api-next", 5003) });
const shop = documentOf([api, next], [portOf(8080)]);

interface Scene {
  readonly source: TestSource;
  readonly stream: TestStream;
  readonly port: number;
  readonly open: (options?: StreamOptions) => TestStream;
}

async function scene(
  t: TestContext,
  document: DiscoveryDocument<string> = shop,
  options: Partial<XdsServerOptions> = {},
  token?: string,
): Promise<Scene> {
  const source = testSource(document, token);
  const server = await startTestServer(source, options);
  const streams: TestStream[] = [];
  t.after(async () => {
    for (const stream of streams) stream.close();
    await server.close();
  });
  const open = (streamOptions: StreamOptions = {}): TestStream => {
    const stream = openStream(server.port, streamOptions);
    streams.push(stream);
    return stream;
  };
  return { source, port: server.port, open, stream: open(token === undefined ? {} : { token }) };
}

/** Accepts an answer, wanting the same as before. */
function accept(stream: TestStream, { type, nonce, version }: Answer, names: readonly string[] = []): void {
  stream.send({ type_url: `type.googleapis.com/${type}`, response_nonce: nonce, version_info: version, resource_names: names });
}

test("Envoy's way: all clusters and listeners, endpoints and routes by name, each answer accepted", async (t) => {
  const { stream } = await scene(t);
  stream.send({ node, type_url: url("cluster") });
  const clusters = await stream.next();
  assert.deepEqual([clusters.type, clusters.names.toSorted()], [types.cluster, ["127.0.0.1_8080", "api-next_5000", "api_5000"]]);
  stream.send({ type_url: url("endpoint"), resource_names: ["api_5000", "api-next_5000"] });
  const endpoints = await stream.next();
  assert.deepEqual(endpoints.names.toSorted(), ["api-next_5000", "api_5000"]);
  accept(stream, endpoints, endpoints.names);
  accept(stream, clusters);
  stream.send({ type_url: url("listener") });
  const listeners = await stream.next();
  assert.deepEqual(listeners.names.toSorted(), ["0.0.0.0_65301", "127.0.0.1_65310", "127.0.0.1_65311"]);
  accept(stream, listeners);
  stream.send({ type_url: url("route"), resource_names: ["127.0.0.1_8080", "api_5000", "nobody_1"] });
  const routes = await stream.next();
  assert.deepEqual(routes.names.toSorted(), ["127.0.0.1_8080", "api_5000"]);
  accept(stream, routes, ["127.0.0.1_8080", "api_5000", "nobody_1"]);
  await stream.silent(100);
});

test("only what changed is sent: of endpoints the one, of clusters all when one is another", async (t) => {
  const { stream, source } = await scene(t);
  stream.send({ node, type_url: url("endpoint"), resource_names: ["api_5000", "api-next_5000"] });
  accept(stream, await stream.next(), ["api_5000", "api-next_5000"]);
  stream.send({ type_url: url("cluster") });
  accept(stream, await stream.next());

  source.set(documentOf([{ ...api, endpoints: endpointsAt("api", 5001) }, next], [portOf(8080)]));
  const endpoints = await stream.next();
  assert.deepEqual(endpoints.names, ["api_5000"]);
  accept(stream, endpoints, ["api_5000", "api-next_5000"]);
  await stream.silent(50);

  source.set(documentOf([{ ...api, endpoints: endpointsAt("api", 5001), options: { MaxConnections: "7" } }, next], [portOf(8080)]));
  const clusters = await stream.next();
  assert.deepEqual([clusters.type, clusters.names.length], [types.cluster, 3]);
});

test("a change comes in order, and clusters go when nothing leads to them any more", async (t) => {
  const { stream, source } = await scene(t, documentOf([api]));
  const wants = { cluster: [], endpoint: ["api_5000", "db_5000"], listener: [], route: ["api_5000", "db_5000"] } as const;
  for (const type of ["cluster", "endpoint", "listener", "route"] as const) {
    stream.send({ node, type_url: url(type), resource_names: wants[type] });
    accept(stream, await stream.next(), wants[type]);
  }
  source.set(documentOf([serviceOf("db", { listen_port: 65_312, endpoints: endpointsAt("db", 5004) })]));
  const clusters = await stream.next();
  assert.deepEqual(clusters.names.toSorted(), ["api_5000", "db_5000"]);
  const endpoints = await stream.next();
  assert.deepEqual(endpoints.names, ["db_5000"]);
  await stream.silent(50);
  accept(stream, endpoints, wants.endpoint);
  await stream.silent(50);
  accept(stream, clusters);
  const [listeners, routes] = [await stream.next(), await stream.next()];
  assert.deepEqual([listeners.names, routes.names], [["127.0.0.1_65312"], ["db_5000"]]);
  await stream.silent(50);
  accept(stream, listeners);
  accept(stream, routes, wants.route);
  const fewer = await stream.next();
  assert.deepEqual([fewer.type, fewer.names], [types.cluster, ["db_5000"]]);
});

test("a refusal is told with its reason; the answer is not sent again, the next change is", async (t) => {
  const refusals: (readonly [string, string])[] = [];
  const { stream, source } = await scene(t, shop, { onRefused: (by, message) => refusals.push([by, message]) });
  stream.send({ node, type_url: url("listener") });
  const { nonce } = await stream.next();
  stream.send({ type_url: url("listener"), response_nonce: nonce, error_detail: { code: 3, message: "no such filter" } });
  await stream.silent(100);
  assert.deepEqual(refusals, [[shopNode, "listener: no such filter"]]);
  source.set(documentOf([api]));
  assert.deepEqual((await stream.next()).names, ["127.0.0.1_65310"]);
});

test("an answer to an older response changes nothing", async (t) => {
  const { stream, source } = await scene(t);
  stream.send({ node, type_url: url("endpoint"), resource_names: ["api_5000"] });
  const first = await stream.next();
  accept(stream, first, ["api_5000"]);
  source.set(documentOf([{ ...api, endpoints: endpointsAt("api", 5009) }, next]));
  const second = await stream.next();
  accept(stream, first, ["api-next_5000"]);
  await stream.silent(50);
  accept(stream, second, ["api_5000", "api-next_5000"]);
  assert.deepEqual((await stream.next()).names, ["api-next_5000"]);
});

test("a slow client gets the newest state, not each one on the way", async (t) => {
  const { stream, source } = await scene(t);
  stream.send({ node, type_url: url("endpoint"), resource_names: ["api_5000"] });
  const first = await stream.next();
  for (let port = 6000; port < 6200; port += 1) {
    source.set(documentOf([{ ...api, endpoints: endpointsAt("api", port) }]));
    await sleep(0);
  }
  await stream.silent(50);
  accept(stream, first, ["api_5000"]);
  const newest = await stream.next();
  assert.match(JSON.stringify(newest.resources), /6199/);
  accept(stream, newest, ["api_5000"]);
  await stream.silent(50);
});

test("what is asked for by name: none after all were left, a listener without a proxy, all again by *", async (t) => {
  const { stream } = await scene(t);
  stream.send({ node, type_url: url("listener"), resource_names: ["api:5000", "nobody:1"] });
  const one = await stream.next();
  assert.deepEqual(one.names, ["api:5000"]);
  accept(stream, one, []);
  await stream.silent(50);
  accept(stream, one, ["api"]);
  const short = await stream.next();
  assert.deepEqual(short.names, ["api"]);
  accept(stream, short, ["*", "api"]);
  assert.deepEqual((await stream.next()).names.toSorted(), ["0.0.0.0_65301", "127.0.0.1_65310", "127.0.0.1_65311", "api"]);
});

test("incremental: new and changed ones, gone ones, missing ones, and only what a returning client lacks", async (t) => {
  const { open, source } = await scene(t);
  const stream = open({ delta: true });
  stream.send({ node, type_url: url("cluster") });
  const all = await stream.next();
  assert.equal(all.names.length, 3);
  stream.send({ type_url: url("cluster"), response_nonce: all.nonce });
  stream.send({ type_url: url("endpoint"), resource_names_subscribe: ["api_5000", "nobody_1"] });
  const endpoints = await stream.next();
  assert.deepEqual([endpoints.names, endpoints.removed], [["api_5000"], ["nobody_1"]]);
  stream.send({ type_url: url("endpoint"), response_nonce: endpoints.nonce, resource_names_unsubscribe: ["api_5000"] });
  await stream.silent(50);

  source.set(documentOf([api], [portOf(8080, { options: { MaxConnections: "9" } })]));
  const changed = await stream.next();
  assert.deepEqual([changed.names, changed.removed], [["127.0.0.1_8080"], []]);
  stream.send({ type_url: url("cluster"), response_nonce: changed.nonce });
  const gone = await stream.next();
  assert.deepEqual([gone.names, gone.removed], [[], ["api-next_5000"]]);

  const versions = await clusterVersions(open({ delta: true }));
  const back = open({ delta: true });
  back.send({ node, type_url: url("cluster"), initial_resource_versions: { ...versions, api_5000: "old", lost_1: "x" } });
  const lacking = await back.next();
  assert.deepEqual([lacking.names, lacking.removed], [["api_5000"], ["lost_1"]]);
});

async function clusterVersions(stream: TestStream): Promise<Readonly<Record<string, string>>> {
  stream.send({ node, type_url: url("cluster") });
  return (await stream.next()).versions;
}

test("streams about one type serve that type only", async (t) => {
  const { open } = await scene(t);
  const services = {
    cluster: ["Cluster", "Clusters"],
    endpoint: ["Endpoint", "Endpoints"],
    listener: ["Listener", "Listeners"],
    route: ["Route", "Routes"],
  } as const;
  for (const type of ["cluster", "endpoint", "listener", "route"] as const) {
    const [word, about] = services[type];
    const options = { service: `envoy.service.${type}.v3.${word}DiscoveryService`, method: `Stream${about}` };
    const stream = open(options);
    stream.send({ node, resource_names: ["api_5000", "api:5000"] });
    assert.equal((await stream.next()).type, types[type]);
    const wrong = open(options);
    wrong.send({ node, type_url: url(type === "route" ? "cluster" : "route") });
    assert.equal((await wrong.ended).code, status.INVALID_ARGUMENT);
  }
});

test("without its token, with another one, or as nobody a client gets nothing", async (t) => {
  const { stream, open, source } = await scene(t, shop, {}, "sesame");
  stream.send({ node, type_url: url("cluster") });
  assert.equal((await stream.next()).names.length, 3);
  const byMetadata = open();
  byMetadata.send({ node: { ...node, metadata: { fields: { DISCOVER_TOKEN: { stringValue: "sesame" } } } }, type_url: url("cluster") });
  assert.equal((await byMetadata.next()).names.length, 3);

  const codes = [
    [{}, { node, type_url: url("cluster") }, status.UNAUTHENTICATED],
    [{ token: "wrong" }, { node, type_url: url("cluster") }, status.PERMISSION_DENIED],
    [{ token: "sesame" }, { node: { id: "default.shop_egress-gateway_other" }, type_url: url("cluster") }, status.NOT_FOUND],
    [{ token: "sesame" }, { type_url: url("cluster") }, status.INVALID_ARGUMENT],
  ] as const;
  for (const [options, request, code] of codes) {
    const refused = open(options);
    refused.send(request);
    assert.equal((await refused.ended).code, code);
  }
  source.fail(statusError(403));
  source.ring();
  assert.equal((await stream.ended).code, status.PERMISSION_DENIED);
});

test("when the document can't be read, streams that have one keep it and get the next; new ones come back later", async (t) => {
  const { stream, open, source } = await scene(t);
  stream.send({ node, type_url: url("cluster") });
  accept(stream, await stream.next());
  source.fail(new Error("the disk is away"));
  source.ring();
  const other = open();
  other.send({ node, type_url: url("cluster") });
  const ended = await other.ended;
  assert.deepEqual([ended.code, /disk/.test(ended.details)], [status.UNAVAILABLE, false]);
  await stream.silent(50);
  source.fail(undefined);
  source.set(documentOf([next]));
  assert.deepEqual((await stream.next()).names, ["api-next_5000"]);
});

test("connections from elsewhere, and one too many from one address, are closed before a byte is read", async (t) => {
  const elsewhere = await scene(t, shop, { accepts: (address) => address !== "127.0.0.1" });
  assert.equal(await bytesOf(elsewhere.port), 0);
  const { stream, port, source } = await scene(t, shop, { connectionsPerAddress: 1 });
  stream.send({ node, type_url: url("cluster") });
  await stream.next();
  assert.equal(await bytesOf(port), 0);
  assert.deepEqual([elsewhere.source.requests.length, source.requests.length], [0, 1]);
});

/** How many bytes a server sends before it closes the connection by itself. */
async function bytesOf(port: number): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.on("close", resolve));
  return bytes;
}

test("a client that goes away is forgotten, and a taken port is named", async (t) => {
  const { stream, open, source, port } = await scene(t);
  const other = open();
  for (const each of [stream, other]) {
    each.send({ node, type_url: url("cluster") });
    await each.next();
  }
  assert.equal(source.watchers(), 2);
  other.close();
  for (let tries = 0; tries < 100 && source.watchers() > 1; tries += 1) await sleep(10);
  assert.equal(source.watchers(), 1);
  await assert.rejects(startTestServer(source, { port }), { code: "address-unusable" });
});
