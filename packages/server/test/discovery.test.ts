import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventResource, InstallationResource, Page, RevisionResource } from "../src/api/resources.ts";
import { type AskOptions, ask, open, tokenOf } from "./support/discovery.ts";
import { liveGroup, network, plainGroup, setUp, web } from "./support/discovery-setting.ts";
import { builtPlugin, manifest } from "./support/samples.ts";
import { until } from "./support/server.ts";

test("a plug-in reads its settings, with secrets filled in, and is told nothing new while nothing is", async (context) => {
  const { ask: read, set } = await setUp(context);
  const first = await read();
  assert.equal(first.status, 200);
  assert.deepEqual(first.document, { base_ports: [], base_services: [], base_normal: { options: { RATE: "5", KEY: "s3cret" } } });
  assert.equal(first.headers["outrigger-revision"], "1");
  const etag = first.headers.etag ?? "";
  assert.match(etag, /^"[\w-]{20,}"$/);
  assert.equal((await read({ headers: { "if-none-match": etag } })).status, 304);
  assert.equal((await read({ headers: { "if-none-match": etag }, path: "/v1/resources/default.shop/web/side?wait=50ms" })).status, 304);
  assert.equal((await read({ method: "HEAD" })).body, "");
  assert.equal(await set({ RATE: 7 }), 200);
  const second = await until(async () => {
    const answer = await read({ headers: { "if-none-match": etag } });
    return answer.status === 200 && answer;
  }, "the change");
  assert.equal(second.document.base_normal.options["RATE"], "7");
  assert.equal(second.headers["outrigger-revision"], "2");
});

test("a long poll and an event stream learn of a change when it is made; a wrong value changes nothing", async (context) => {
  const { server, ask: read, set, port, path, token } = await setUp(context);
  const first = await read();
  const waiting = read({ headers: { "if-none-match": first.headers.etag ?? "" }, path: `${path}?wait=60s` });
  const events = await open(network.gateway, port, path, { token, headers: { accept: "text/event-stream" } });
  const seen: string[] = [];
  events.on("data", (chunk) => seen.push(String(chunk)));
  const settings = (): string[] => seen.join("").match(/^data: .*$/gm) ?? [];
  await until(() => settings().length === 1, "the first event");
  assert.equal(await set({ RATE: 0 }), 422);
  assert.equal(await set({ RATES: 8 }), 422);
  await sleep(50);
  assert.equal(settings().length, 1);
  assert.equal(await set({ RATE: 8 }), 200);
  assert.equal((await waiting).document.base_normal.options["RATE"], "8");
  await until(() => settings().length === 2, "the second event");
  assert.match(settings()[1] ?? "", /"RATE":"8"/);
  const id = /^id: (.*)$/m.exec(seen.join("").split("\n\n").at(-2) ?? "")?.[1] ?? "";
  const resumed = await open(network.gateway, port, path, { token, headers: { accept: "text/event-stream", "last-event-id": id } });
  const again: string[] = [];
  resumed.on("data", (chunk) => again.push(String(chunk)));
  await set({ RATE: 9 });
  await until(() => again.join("").includes('"RATE":"9"'), "the event after resuming");
  assert.ok(!again.join("").includes('"RATE":"8"'), "what the reader had is not sent again");
  await server.send("DELETE", "/teams/default/applications/shop/components/web/installations/side");
  await Promise.all([once(events, "end"), once(resumed, "end")]);
  assert.equal((await read()).status, 404);
});

test("a fact is another one in each pod; the installation tells who has which revision", async (context) => {
  const { server, ask: read, set } = await setUp(context, liveGroup, {});
  const key = { team: "default", application: "shop", component: "web" };
  server.engine.tell(key, "ready", { ip: "127.88.0.7" });
  const options = async (from: string): Promise<unknown> => (await read({ from })).document.base_normal.options;
  assert.deepEqual(await options("127.88.0.7"), { RATE: "5", WHERE: "127.88.0.7" });
  assert.deepEqual(await options("127.88.0.8"), { RATE: "5", WHERE: "127.88.0.8" });
  await set({ RATE: 6 });
  await until(async () => JSON.stringify(await options("127.88.0.8")).includes('"6"'), "the change");
  const at = "/teams/default/applications/shop/components/web/installations/side";
  const settings = async (): Promise<unknown> =>
    (await server.send<InstallationResource>("GET", at)).body.settings.map(({ pod, by, revision }) => [pod, by, revision]);
  assert.deepEqual(await settings(), [["shop-web", "discovery", 1]]);
  await options("127.88.0.7");
  assert.deepEqual(await settings(), [["shop-web", "discovery", 2]]);
});

test("attack: settings go to their own plug-in only", async (context) => {
  const { server, ask: read, port, path, token } = await setUp(context);
  await server.send("POST", "/teams", { body: { name: "blue" } });
  await builtPlugin(server, manifest("side", { config: [plainGroup] }), "blue");
  for (const [team, application, plugins] of [
    ["blue", "shop", [{ plugin: "side" }]],
    ["default", "other", [{ plugin: "side" }]],
  ]) {
    await server.send("PUT", `/teams/${team}/applications/${application}`, { body: { components: [{ ...web, plugins }] } });
  }
  const tokenIn = async (pod: string): Promise<string> => tokenOf(server, await until(() => server.engine.pods.get(pod), pod), "side");
  const [blue, other] = [await tokenIn("blue/shop/web"), await tokenIn("default/other/web")];
  const status = async (options: AskOptions & { readonly host?: string }): Promise<number> => (await read(options)).status;
  assert.equal((await ask(network.gateway, port, path)).status, 401);
  assert.equal(await status({ token: blue }), 403);
  assert.equal(await status({ token: other }), 403);
  assert.equal(await status({ token: `${token.slice(0, -2)}xx` }), 401);
  assert.equal(await status({ token: token.replace("default", "blue") }), 401);
  assert.equal(await status({ token: server.adminToken }), 401);
  assert.equal(await status({ token: "" }), 401);
  // Another application's pods can't ask here, even with a token of theirs that is right at home.
  assert.equal(await status({ token: other, path: "/v1/resources/default.other/web/side" }), 403);
  for (const wrong of [
    "/",
    "/api/v1",
    "/v1/resources/default.shop/web",
    "/v1/resources/default.shop/web/side/x",
    "/v1/resources/../web/side",
    `${path}%00`,
  ]) {
    assert.equal(await status({ path: wrong }), 404, wrong);
  }
  assert.equal(await status({ method: "POST" }), 405);
  assert.equal(await status({ path: `${path}?wait=1h` }), 400);
  assert.equal(await status({ path: `${path}?wait=301s` }), 400);
  assert.equal(await status({ path: `${path}?pretty=1` }), 400);
  // An installation that comes again has another token.
  const at = "/teams/default/applications/shop/components/web/installations";
  await server.send("DELETE", `${at}/side`);
  await server.send("POST", at, { body: { plugin: "side" } });
  await until(async () => (await status({})) === 403, "the old token to be refused");
});

test("attack: only pods of the application's own network are listened to", async (context) => {
  const { server, port, path, token } = await setUp(context);
  await server.engine.options?.onNetworks([{ ...network, gateway: "127.89.0.1", subnet: "127.89.0.0/16" }]);
  assert.equal((await ask("127.89.0.1", port, path, { token, from: "127.89.0.9" })).status, 200);
  await assert.rejects(ask("127.89.0.1", port, path, { token, from: "127.90.0.9" }), { code: "ECONNRESET" });
  await assert.rejects(ask("127.89.0.1", port, path, { token, from: "127.89.0.1" }), { code: "ECONNRESET" });
  await assert.rejects(ask(network.gateway, port, path, { token }), { code: "ECONNREFUSED" }, "a network that is gone is not listened on");
});

test("a team may let its pods ask without a token, as the original did", async (context) => {
  const { server, port, path } = await setUp(context);
  const status = async (): Promise<number> => (await ask(network.gateway, port, path)).status;
  assert.equal(await status(), 401);
  await server.send("PATCH", "/teams/default", { body: { allow: ["discovery-without-token"] } });
  assert.equal(await status(), 200);
  assert.equal((await ask(network.gateway, port, path, { token: "wrong" })).status, 401);
  await server.send("PATCH", "/teams/default", { body: { allow: [] } });
  assert.equal(await status(), 401);
});

test("every change of values is a revision with author and time, and can be rolled back, secrets too", async (context) => {
  const { server, ask: read, set } = await setUp(context);
  const at = "/teams/default/applications/shop/components/web/installations/side";
  const { body: token } = await server.send<{ id: string; token: string }>("POST", "/tokens", {
    body: { roles: { default: "developer" } },
  });
  await server.send("PATCH", at, { token: token.token, body: { values: { live: { RATE: 7, KEY: "other" } } } });
  await set({ RATE: 7 });
  await server.send("PATCH", at, { body: { enabled: true } });
  const revisions = async (): Promise<readonly RevisionResource[]> =>
    (await server.send<Page<RevisionResource>>("GET", `${at}/revisions`)).body.items;
  assert.deepEqual(
    (await revisions()).map(({ number, author, version }) => [number, author, version]),
    [
      [2, token.id, "1.0.0"],
      [1, "admin", "1.0.0"],
    ],
    "what changes no value is no revision",
  );
  assert.ok(!JSON.stringify(await revisions()).includes("other"));
  await server.refused(404, "revision-unknown", "PATCH", at, { body: { rollback: 9 } });
  await server.refused(422, "request-invalid", "PATCH", at, { body: { rollback: 1, values: {} } });
  const rolled = await server.send<InstallationResource>("PATCH", at, { body: { rollback: 1 } });
  assert.equal(rolled.body.revision, 3);
  assert.equal((await revisions())[0]?.rolledBackTo, 1);
  await until(async () => JSON.stringify((await read()).document).includes('"KEY":"s3cret"'), "the former secret");
  const shop = { components: [{ ...web, plugins: [{ plugin: "side", values: { live: { KEY: "s3cret" } } }] }] };
  await server.send("PUT", "/teams/default/applications/shop", { body: shop });
  assert.equal((await revisions()).length, 3, "the same file again changes no value, though its secrets are sealed anew");
});

test("after a restart of the server tokens and ETags are the same, so clients go on where they were", async (context) => {
  const { server, ask: read } = await setUp(context);
  const before = await read();
  await server.restart();
  await server.engine.options?.onNetworks([network]);
  const after = await until(async () => {
    const answer = await read({ headers: { "if-none-match": before.headers.etag ?? "" } });
    return answer.status !== 404 && answer;
  }, "the settings");
  assert.equal(after.status, 304);
});

test("who depends on a component is told where its pods are, as they come and go", async (context) => {
  const { server } = await setUp(context);
  const group = { group: "calls", dependsOn: "downstream-port", inject: "discovery", items: [{ name: "WEIGHTS", default: "" }] };
  await builtPlugin(server, manifest("out", { config: [group] }));
  const api = { name: "api", image: "api:1", ports: [{ port: 5000, protocol: "http" }] };
  const components = [api, { ...web, dependsOn: ["api"], plugins: [{ plugin: "out" }] }];
  await server.send("PUT", "/teams/default/applications/shop", { body: { components } });
  const endpoints = (): unknown =>
    server.engine.pods
      .get("default/shop/web")
      ?.discovery["out"]?.document.base_services[0]?.endpoints.map((each) => [each.address, each.ready]);
  await until(() => JSON.stringify(endpoints()) === "[]", "no endpoint");
  const key = { team: "default", application: "shop", component: "api" };
  server.engine.tell(key, "running", { ip: "172.18.0.9" });
  await until(() => JSON.stringify(endpoints()) === '[["172.18.0.9",false]]', "the endpoint");
  server.engine.tell(key, "ready", { ip: "172.18.0.9" });
  await until(() => JSON.stringify(endpoints()) === '[["172.18.0.9",true]]', "the endpoint to be ready");
  server.engine.tell(key, "starting", { ip: "172.18.0.9" });
  await until(() => JSON.stringify(endpoints()) === '[["172.18.0.9",false]]', "the endpoint not to be ready");
  server.engine.tell(key, "starting");
  await until(() => JSON.stringify(endpoints()) === "[]", "the endpoint to go");
});

test("a port that is taken is told, and taken when it becomes free", async (context) => {
  const { server, port, path, token } = await setUp(context);
  const squatter = createServer().listen(port, "127.91.0.1");
  await once(squatter, "listening");
  await server.engine.options?.onNetworks([{ ...network, gateway: "127.91.0.1" }]);
  const { body } = await server.send<Page<EventResource>>("GET", "/teams/default/events?subject=application:shop");
  assert.match(
    body.items.find(({ reason }) => reason === "discovery-address")?.message ?? "",
    /can't listen on 127.91.0.1:\d+.*EADDRINUSE/,
  );
  squatter.close();
  await until(async () => (await ask("127.91.0.1", port, path, { token }).catch(() => undefined))?.status === 200, "discovery to listen");
});
