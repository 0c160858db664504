import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { ConfigValues } from "@outrigger/plugin";
import { type PluginKit, testPlugin } from "@outrigger/sdk/test-kit";

function kitWith(
  sections: Readonly<Record<string, boolean>>,
  privacy: Readonly<Record<string, boolean | string>> = {},
): Promise<PluginKit> {
  const settings: ConfigValues = { sections, privacy };
  return testPlugin({ folder: join(import.meta.dirname, ".."), settings });
}

async function isOpen(
  kit: PluginKit,
  method: string,
  route: string | null,
  query: readonly (readonly [string, string])[] = [],
): Promise<boolean> {
  return (await kit.check({ method, path: "/x", version: null, query, route })).refused === undefined;
}

test("by default only events, ping and version are open", async () => {
  const kit = await kitWith({});
  for (const route of ["system.ping", "system.events", "system.version"]) assert.ok(await isOpen(kit, "GET", route), route);
  assert.ok(await isOpen(kit, "HEAD", "system.ping"));
  for (const route of [
    "container.list",
    "image.list",
    "system.info",
    "system.df",
    "grpc",
    "swarm.inspect",
    "system.debug",
    "unheard.of",
    null,
  ]) {
    assert.ok(!(await isOpen(kit, "GET", route)), String(route));
  }
});

test("a section opens its reading routes; POST the writing ones of the sections that are on", async () => {
  const reads = await kitWith({ CONTAINERS: true });
  for (const route of ["container.list", "container.inspect", "container.logs"]) assert.ok(await isOpen(reads, "GET", route));
  assert.ok(!(await isOpen(reads, "POST", "container.create")));
  assert.ok(!(await isOpen(reads, "DELETE", "container.delete")));
  const writes = await kitWith({ CONTAINERS: true, POST: true });
  assert.ok(await isOpen(writes, "POST", "container.create"));
  assert.ok(!(await isOpen(writes, "POST", "exec.create")), "an exec is no container");
  assert.ok(!(await isOpen(writes, "POST", "image.pull")));
});

test("reading containers reads no files and attaches to nothing", async () => {
  const kit = await kitWith({ CONTAINERS: true });
  for (const route of ["container.archiveGet", "container.export", "container.attachWebsocket"])
    assert.ok(!(await isOpen(kit, "GET", route)), route);
  assert.ok(!(await isOpen(kit, "HEAD", "container.archiveStat")));
  const files = await kitWith({ CONTAINERS: true, ALLOW_FILES: true });
  assert.ok(await isOpen(files, "GET", "container.export"));
  assert.ok(!(await isOpen(files, "PUT", "container.archivePut")));
  assert.ok(!(await isOpen(await kitWith({ ALLOW_FILES: true }), "GET", "container.export")));
});

test("start, stop and restart alone", async () => {
  const start = await kitWith({ ALLOW_START: true });
  assert.ok(await isOpen(start, "POST", "container.start"));
  for (const route of ["container.stop", "container.kill", "container.create"]) assert.ok(!(await isOpen(start, "POST", route)));
  const restarts = await kitWith({ ALLOW_RESTARTS: true });
  for (const route of ["container.stop", "container.restart", "container.kill"]) assert.ok(await isOpen(restarts, "POST", route));
  assert.ok(!(await isOpen(restarts, "POST", "container.start")));
});

test("a refusal says which switch is missing", async () => {
  const { refused } = await (await kitWith({})).check({
    method: "POST",
    path: "/containers/create",
    version: null,
    query: [],
    route: "container.create",
  });
  assert.deepEqual([refused?.code, refused?.hint], ["closed", "It needs CONTAINERS and POST."]);
});

test("variables are left out of inspected containers and services, and ps does not show them", async () => {
  const kit = await kitWith({ CONTAINERS: true });
  const inspected = { Id: "a", Config: { Env: ["PASSWORD=x"], Labels: { Env: "kept" } } };
  const pattern = "GET /containers/{id:path}/json";
  const { response } = await kit.route(pattern, "response", {}, { status: 200, body: inspected });
  assert.deepEqual((response as { body: unknown }).body, { Id: "a", Config: { Env: [], Labels: { Env: "kept" } } });
  const tasks = [{ Spec: { ContainerSpec: { Env: ["A=b"] } } }];
  const listed = await kit.route("GET /tasks", "response", {}, { status: 200, body: tasks });
  assert.deepEqual((listed.response as { body: unknown }).body, [{ Spec: { ContainerSpec: { Env: [] } } }]);
  assert.ok(await isOpen(kit, "GET", "container.top"));
  assert.ok(!(await isOpen(kit, "GET", "container.top", [["ps_args", "auxe"]])));
  const open = await kitWith({ CONTAINERS: true }, { scrub_variables: false });
  const kept = await open.route(pattern, "response", {}, { status: 200, body: inspected });
  assert.deepEqual((kept.response as { body: unknown } | undefined)?.body ?? inspected, inspected);
});

test("only containers with a label are seen, whatever filters the client brings", async () => {
  const kit = await kitWith({ CONTAINERS: true }, { only_label: "owner=me" });
  const filtersFor = async (...query: readonly (readonly [string, string])[]): Promise<unknown> => {
    const { request } = await kit.route("GET /containers/json", "request", { query });
    return (request as { query: unknown }).query;
  };
  assert.deepEqual(await filtersFor(["all", "1"]), [
    ["all", "1"],
    ["filters", '{"label":["owner=me"]}'],
  ]);
  assert.deepEqual(await filtersFor(["filters", '{"label":{"a=b":true},"status":["running"]}'], ["filters", "{}"]), [
    ["filters", '{"label":["a=b","owner=me"],"status":["running"]}'],
  ]);
  const bad = await kit.route("GET /events", "request", { query: [["filters", "{"]] });
  assert.equal(bad.refuse?.status, 400);
  const inspect = async (Labels: unknown): Promise<number> => {
    const { response } = await kit.route(
      "GET /containers/{id:path}/json",
      "response",
      { parameters: { id: "x" } },
      { status: 200, body: { Config: { Labels } } },
    );
    return (response as { status: number }).status;
  };
  assert.deepEqual(
    [await inspect({ owner: "me" }), await inspect({ owner: "you" }), await inspect({}), await inspect(null)],
    [200, 404, 404, 404],
  );
  for (const route of ["container.logs", "container.stats", "container.top"]) assert.ok(!(await isOpen(kit, "GET", route)), route);
  assert.ok(await isOpen(kit, "GET", "container.list"));
});
