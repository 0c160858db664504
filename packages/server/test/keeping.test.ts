import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ApplicationResource, ComponentResource, EventResource, Page, PlanResource } from "../src/api/resources.ts";
import { startServer } from "../src/index.ts";
import { createVault } from "../src/secrets.ts";
import { type ReadEvent, readEvents } from "./support/events.ts";
import { builtPlugin, manifest, sinkGroup, tarOf } from "./support/samples.ts";
import { type Answer, testServer, until } from "./support/server.ts";

const shop = "/teams/default/applications/shop";
const secret = "Very-s3cret-text";

test("the data directory is closed to others, tells where the server is, and serves one server at a time", async (context) => {
  const server = await testServer(context);
  const mode = (name: string): string => (statSync(join(server.dataDir, name)).mode & 0o777).toString(8);
  assert.deepEqual(
    [mode("."), mode("key"), mode("admin-token"), mode("server.json"), mode("uploads")],
    ["700", "600", "600", "600", "700"],
  );
  assert.deepEqual(JSON.parse(readFileSync(join(server.dataDir, "server.json"), "utf8")), { url: server.url, pid: process.pid });
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const { engine, dataDir } = server;
  const second = startServer({ dataDir, port: 0, runtime: engine.runtime, images: engine.images, logLevel: "silent" });
  await assert.rejects(second, { code: "data-dir-in-use" });
  const port = Number(new URL(server.url).port);
  const other = mkdtempSync(join(tmpdir(), "outrigger-server-"));
  context.after(() => rmSync(other, { recursive: true, force: true }));
  const taken = startServer({ dataDir: other, port, runtime: engine.runtime, images: engine.images, logLevel: "silent" });
  await assert.rejects(taken, { code: "address-unusable" });
  await server.stop();
  assert.equal(existsSync(join(dataDir, "server.json")), false);
  writeFileSync(join(dataDir, "key"), "short");
  await assert.rejects(server.restart(), { code: "data-dir-unusable" });
});

test("a new admin token takes the old one's place when its file was removed", async (context) => {
  const server = await testServer(context);
  await server.stop();
  rmSync(join(server.dataDir, "admin-token"));
  await server.restart();
  await server.refused(401, "unauthorized", "GET", "/teams");
  const token = readFileSync(join(server.dataDir, "admin-token"), "utf8").trim();
  assert.equal((await server.send("GET", "/teams", { token })).status, 200);
});

test("secrets are in no answer, plan, event or file, and open with their key and at their place only", async (context) => {
  const server = await testServer(context);
  const ports = { group: "ports", dependsOn: "port", inject: "discovery", items: [{ name: "KEY", type: "secret" }] };
  await builtPlugin(server, manifest("log", { config: [sinkGroup, ports] }));
  const values = { sink: { HOST: "h", TOKEN: secret }, ports: { "80": { KEY: `${secret}-80` }, "81": { KEY: `${secret}-81` } } };
  const web = { name: "web", image: "x", ports: [{ port: 80 }, { port: 81 }], plugins: [{ plugin: "log", values }] };
  const answers = [
    await server.send("PUT", `${shop}?dryRun=true`, { body: { components: [web] } }),
    await server.send("PUT", shop, { body: { components: [web] } }),
    await server.send("GET", `${shop}/components/web`),
    await server.send<PlanResource>("PATCH", `${shop}/components/web/installations/log?dryRun=true`, { body: { enabled: false } }),
    await server.send("PATCH", `${shop}/components/web/installations/log`, { body: { values: { sink: { HOST: "i" } } } }),
    await server.send("GET", "/teams/default/events"),
    await server.send("PUT", "/teams/default/credentials/c", { body: { kind: "git", host: "h.example", username: "u", password: secret } }),
    await server.send("GET", "/teams/default/credentials"),
    await server.send("PUT", shop, {
      body: { components: [{ ...web, plugins: [{ plugin: "log", values: { sink: { HOST: 1, TOKEN: [secret] } } }] }] },
    }),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 201, 200, 200, 200, 200, 200, 200, 422],
  );
  for (const { body } of answers) assert.ok(!JSON.stringify(body).includes(secret), JSON.stringify(body));
  const pod = await until(() => server.engine.pods.get("default/shop/web"), "the pod");
  assert.ok(!JSON.stringify(pod).includes(secret));
  const key = { team: "default", application: "shop", component: "web" };
  for (const { port, options } of pod.discovery["log"]?.document.base_ports ?? []) {
    const value = options["KEY"];
    assert.ok(typeof value === "object" && "secret" in value);
    assert.equal(await server.engine.options?.secret(key, value.secret), `${secret}-${port}`);
  }
  await assert.rejects(async () => server.engine.options?.secret(key, { plugin: "log", group: "sink", item: "TOKEN", digest: "0" }), {
    code: "secret-changed",
  });
  await server.stop();
  for (const file of readdirSync(server.dataDir, { recursive: true, encoding: "utf8" })) {
    if (statSync(join(server.dataDir, file)).isFile()) assert.ok(!readFileSync(join(server.dataDir, file)).includes(secret), file);
  }
});

test("a sealed value sent by a user is no secret, and one kept must be there", async (context) => {
  const server = await testServer(context);
  await builtPlugin(server, manifest("log", { config: [sinkGroup] }));
  for (const TOKEN of [{ sealed: "x", digest: "y" }, { secret: "set" }, { fromEnv: "HOME" }, { fromFile: "/etc/passwd" }]) {
    const web = { name: "web", image: "x", plugins: [{ plugin: "log", values: { sink: { HOST: "h", TOKEN } } }] };
    const { problems } = await server.refused(422, "application-invalid", "PUT", shop, { body: { components: [web] } });
    assert.deepEqual(
      problems?.map(({ path }) => path),
      ["components[0].plugins[0].values.sink.TOKEN"],
      JSON.stringify(TOKEN),
    );
  }
});

test("a ciphertext opens at its place, whole, with its key", () => {
  const vault = createVault(new Uint8Array(32).fill(1));
  const sealed = vault.seal("here", secret);
  assert.equal(vault.open("here", sealed), secret);
  assert.notEqual(vault.seal("here", secret), sealed);
  assert.equal(vault.digest("here", secret), vault.digest("here", secret));
  assert.notEqual(vault.digest("here", secret), vault.digest("there", secret));
  const bytes = Buffer.from(sealed, "base64");
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  const wrong: readonly (() => string)[] = [
    () => vault.open("there", sealed),
    () => vault.open("here", bytes.toString("base64")),
    () => vault.open("here", sealed.slice(0, 20)),
    () => createVault(new Uint8Array(32).fill(2)).open("here", sealed),
  ];
  for (const open of wrong) assert.throws(open, { code: "secret-unreadable" });
});

test("events are listed newest first, and streamed from where the client was", async (context) => {
  const server = await testServer(context);
  await server.send("PUT", shop, { body: { components: [{ name: "web", image: "x" }] } });
  server.engine.options?.onEvent({
    key: { team: "default", application: "shop", component: "web" },
    kind: "warning",
    reason: "killed",
    message: "web was killed",
  });
  const { body } = await until(async () => {
    const page = await server.send<Page<EventResource>>("GET", "/teams/default/events");
    return page.body.items.length === 2 && page;
  }, "two events");
  assert.deepEqual(
    body.items.map(({ reason, subject }) => `${reason} ${subject}`),
    ["killed component:shop/web", "applied application:shop"],
  );
  const { body: some } = await server.send<Page<EventResource>>("GET", "/teams/default/events?subject=component:shop/web&limit=1");
  assert.deepEqual(
    some.items.map(({ reason }) => reason),
    ["killed"],
  );

  const stream = readEvents(server, "/teams/default/events", { "last-event-id": String(body.items[1]?.id) });
  assert.equal((await nextEvent(stream)).reason, "killed");
  const coming = nextEvent(stream);
  await server.send("DELETE", shop);
  assert.equal((await coming).reason, "deleting");
  await stream.return(undefined);
});

async function nextEvent(stream: AsyncGenerator<ReadEvent, undefined>): Promise<EventResource> {
  return (await stream.next()).value?.data as EventResource;
}

test("status is streamed: all at first, then what changes, then what is gone; a shutdown ends streams", async (context) => {
  const server = await testServer(context);
  await server.send("PUT", shop, {
    body: {
      components: [
        { name: "web", image: "x" },
        { name: "api", image: "x" },
      ],
    },
  });
  const states = readEvents(server, `${shop}/status`);
  const next = async (): Promise<string> => {
    const { value } = await states.next();
    const data = value?.data as ComponentResource;
    return `${value?.event} ${data.name} ${value?.event === "status" ? data.status.state : ""}`;
  };
  assert.deepEqual([await next(), await next()], ["status web waiting", "status api waiting"]);
  server.engine.tell({ team: "default", application: "shop", component: "api" }, "ready");
  assert.equal(await next(), "status api ready");
  server.engine.removal = { ms: 300, failing: false };
  await server.send("PUT", shop, { body: { components: [{ name: "web", image: "x" }] } });
  const seen = [await next(), await next(), await next()];
  assert.ok(seen.includes("status api stopping"), seen.join());
  while (!seen.includes("gone api ")) seen.push(await next());
  const ended = states.next();
  await server.stop();
  assert.equal((await ended).done, true);
});

test("logs stream by container", async (context) => {
  const server = await testServer(context);
  await server.send("PUT", shop, { body: { components: [{ name: "web", image: "x" }] } });
  const lines = await Array.fromAsync(readEvents(server, `${shop}/components/web/logs?container=web,log&follow=false&tail=10`));
  assert.deepEqual(
    lines.map(({ data }) => (data as { container: string }).container),
    ["web", "log"],
  );
  await server.refused(404, "component-unknown", "GET", `${shop}/components/none/logs`);
});

test("lists come in pages that miss nothing and repeat nothing", async (context) => {
  const server = await testServer(context);
  const names = Array.from({ length: 7 }, (_, at) => `a${at}`);
  for (const name of names)
    await server.send("PUT", `/teams/default/applications/${name}`, { body: { components: [{ name: "web", image: "x" }] } });
  const seen: string[] = [];
  for (let next = ""; ; ) {
    const { body } = await server.send<Page<ApplicationResource>>("GET", `/teams/default/applications?limit=3${next}`);
    seen.push(...body.items.map(({ name }) => name));
    if (body.next === undefined) break;
    next = `&after=${body.next}`;
  }
  assert.deepEqual(seen, names);
});

test("a full disk refuses writes with 507, keeps what was there, and goes on when there is room", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-disk-"));
  const stack = new AsyncDisposableStack();
  context.after(() => stack.disposeAsync());
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]);
  stack.defer(() => void execFileSync("umount", [folder]));
  const server = await testServer({ after: (task) => stack.defer(() => task()) }, {}, join(folder, "own"));
  const app = (name: string): string => `/teams/default/applications/${name}`;
  const body = { components: [{ name: "web", image: "x", env: { FILL: "x".repeat(20_000) } }] };
  const written: string[] = [];
  let full: Answer<{ code?: string }> | undefined;
  for (let number = 0; full === undefined && number < 300; number += 1) {
    const answer = await server.send<{ code?: string }>("PUT", app(`a${number}`), { body });
    if (answer.status === 201) written.push(`a${number}`);
    else full = answer;
  }
  assert.deepEqual([full?.status, full?.body.code], [507, "disk-full"]);
  for (const name of written) assert.equal((await server.send("GET", app(name))).status, 200, name);
  await server.refused(404, "application-unknown", "GET", app(`a${written.length}`));
  await server.send("POST", "/teams/default/plugins", { body: manifest("log", { pod: { source: { dockerfile: {} } } }) });
  const tar = await tarOf({ name: "Dockerfile", text: "x" }, { name: "big", text: "x".repeat(3_000_000) });
  const at = "/teams/default/plugins/log/versions/1.0.0";
  if ((await server.send("GET", at)).status === 200) await server.refused(507, "disk-full", "POST", `${at}/builds`, { body: tar });
  assert.deepEqual(readdirSync(join(server.dataDir, "uploads")), []);
  execFileSync("mount", ["-o", "remount,size=30m", folder]);
  assert.equal((await server.send("PUT", app("after"), { body })).status, 201);
});

test("a secret's pattern is checked before it is sealed, and its text is not repeated", async (context) => {
  const server = await testServer(context);
  const group = { group: "sink", items: [{ name: "PAIR", type: "secret", pattern: "[a-z]+:[a-z]+" }] };
  await builtPlugin(server, manifest("log", { config: [group] }));
  const body = (PAIR: string): object => ({
    components: [{ name: "web", image: "w:1", plugins: [{ plugin: "log", values: { sink: { PAIR } } }] }],
  });
  const problem = await server.refused(422, "application-invalid", "PUT", "/teams/default/applications/shop", { body: body("hunter2") });
  assert.match(JSON.stringify(problem), /PAIR is the given text, which does not match/);
  assert.ok(!JSON.stringify(problem).includes("hunter2"));
  assert.equal((await server.send("PUT", "/teams/default/applications/shop", { body: body("a:b") })).status, 201);
});
