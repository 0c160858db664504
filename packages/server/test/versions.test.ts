import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BuildResource, Page, PluginResource, VersionResource } from "../src/api/resources.ts";
import { versionRank } from "../src/version-rank.ts";
import { builtPlugin, endedBuild, manifest, sinkGroup, tarOf } from "./support/samples.ts";
import { testServer, until } from "./support/server.ts";

const plugins = "/teams/default/plugins";
const log = `${plugins}/log/versions/1.0.0`;

test("a draft can be changed and built; a built version can't be changed on any path", async (context) => {
  const server = await testServer(context);
  const made = await server.send<VersionResource>("POST", plugins, { body: manifest("log") });
  assert.deepEqual([made.status, made.body.state, made.body.fixed], [201, "draft", false]);
  assert.equal((await server.send("PUT", `${log}/config`, { body: [sinkGroup] })).status, 200);
  const edited = await server.send<VersionResource>("PUT", log, { body: manifest("log", { config: [sinkGroup], description: "Other." }) });
  assert.equal(edited.body.manifest.metadata.description, "Other.");

  const built = await builtPlugin(server, manifest("log", { config: [sinkGroup] }));
  assert.deepEqual([built.state, built.fixed], ["built", true]);
  assert.match(built.digest ?? "", /^sha256:[0-9a-f]{64}$/);
  assert.equal(built.imageDigest, `sha256:${"2".repeat(64)}`);

  const again = await server.send<VersionResource>("POST", plugins, { body: manifest("log", { config: [sinkGroup] }) });
  assert.deepEqual([again.status, again.body.etag], [200, built.etag], "the very same manifest changes nothing");
  const other = manifest("log", { config: [sinkGroup], pod: { resources: { memory: "1Gi" } } });
  await server.refused(409, "version-fixed", "POST", plugins, { body: other });
  await server.refused(409, "version-fixed", "PUT", log, { body: other });
  await server.refused(409, "version-fixed", "PUT", `${log}/config`, { body: [] });
  await server.refused(409, "version-fixed", "POST", `${log}/builds`);
  await server.refused(409, "version-fixed", "POST", `${log}/builds`, { body: await tarOf({ name: "Dockerfile" }) });
  assert.deepEqual((await server.send<VersionResource>("GET", log)).body, built);
  await server.refused(422, "manifest-misplaced", "PUT", `${plugins}/log/versions/2.0.0`, { body: other });
});

test("while a version is being built it can't be changed, deleted or built again; its build can be cancelled", async (context) => {
  const server = await testServer(context);
  server.engine.failure = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  await server.send("POST", plugins, { body: manifest("log") });
  const { body: build } = await server.send<BuildResource>("POST", `${log}/builds`);
  await until(() => server.engine.pulls.length === 1, "the pull");
  await server.refused(409, "version-busy", "PUT", log, { body: manifest("log", { description: "x" }) });
  await server.refused(409, "version-busy", "POST", `${log}/builds`);
  await server.refused(409, "plugin-busy", "DELETE", log);
  await server.refused(409, "plugin-busy", "DELETE", `${plugins}/log`);
  assert.equal((await server.send("POST", `${plugins.replace("plugins", "builds")}/${build.id}/cancel`)).status, 202);
  assert.equal((await endedBuild(server, build.id)).state, "cancelled");
  assert.equal((await server.send<VersionResource>("GET", log)).body.state, "cancelled");
  await server.refused(409, "build-ended", "POST", `/teams/default/builds/${build.id}/cancel`);
  server.engine.failure = undefined;
  assert.equal((await builtPlugin(server, manifest("log"))).state, "built");
});

test("a manifest with mistakes is refused with all of them", async (context) => {
  const server = await testServer(context);
  const body = manifest("log", { pod: { type: "generic", source: {}, comand: [] } });
  const { problems } = await server.refused(422, "request-invalid", "POST", plugins, { body });
  assert.deepEqual(problems?.map(({ path }) => path).toSorted(), ["spec.pod.comand", "spec.pod.source", "spec.pod.type"]);
});

test("versions are listed newest first, page by page, and deleted only where nothing uses them", async (context) => {
  const server = await testServer(context);
  const order = ["1.10.0", "1.9.0", "1.9.0-rc.11", "1.9.0-rc.2", "1.2.0", "1.2.0-alpha"];
  for (const version of order.toSorted()) await builtPlugin(server, manifest("log", { version }));
  const listed: string[] = [];
  for (let after = ""; ; ) {
    const { body } = await server.send<Page<VersionResource>>("GET", `${plugins}/log/versions?limit=4${after}`);
    listed.push(...body.items.map(({ version }) => version));
    if (body.next === undefined) break;
    after = `&after=${body.next}`;
  }
  assert.deepEqual(listed, order);
  const { body: plugin } = await server.send<PluginResource>("GET", `${plugins}/log`);
  assert.deepEqual(
    plugin.versions.map(({ version }) => version),
    order,
  );

  await server.send("POST", "/teams", { body: { name: "other" } });
  await builtPlugin(server, manifest("log", { version: "1.10.0" }), "other");
  await server.send("PUT", "/teams/default/applications/shop", {
    body: { components: [{ name: "web", image: "x", plugins: [{ plugin: "log" }] }] },
  });
  const used = await server.refused(409, "version-in-use", "DELETE", `${plugins}/log/versions/1.10.0`);
  assert.match(used.detail, /shop\/web/);
  await server.refused(409, "plugin-in-use", "DELETE", `${plugins}/log`);
  assert.equal((await server.send("DELETE", `${plugins}/log/versions/1.9.0`)).status, 204);
  assert.equal((await server.send("DELETE", "/teams/other/plugins/log/versions/1.10.0")).status, 204);
  assert.equal((await server.send("GET", `${plugins}/log/versions/1.10.0`)).status, 200, "the same version of another team stays");
});

test("a plug-in keeps its layer, and those of other layers aren't built or installed here", async (context) => {
  const server = await testServer(context);
  const head = { apiVersion: "outrigger.dev/v1", kind: "Plugin", metadata: { name: "up", version: "1.0.0" } };
  const cluster = { type: "LIST_NODE", entry: "list_nodes.ts", phases: ["PostInstall"] };
  const made = await server.send("POST", plugins, { body: { ...head, spec: { layer: "cluster", cluster } } });
  assert.equal(made.status, 201);
  await server.refused(422, "build-layer", "POST", `${plugins}/up/versions/1.0.0/builds`);
  await server.refused(409, "plugin-layer-differs", "POST", plugins, { body: manifest("up", { version: "2.0.0" }) });
});

test("ranks sort as semver does", () => {
  const order = [
    "1.0.0-1",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
  ];
  assert.deepEqual(
    order.toReversed().sort((a, b) => (versionRank(a) < versionRank(b) ? -1 : 1)),
    order,
  );
  const core = fc.tuple(fc.nat(3000), fc.nat(3000), fc.nat(3000));
  fc.assert(
    fc.property(core, core, (a, b) => {
      const differing = a.findIndex((number, at) => number !== b[at]);
      const expected = differing < 0 ? 0 : Math.sign((a[differing] ?? 0) - (b[differing] ?? 0));
      const [one, two] = [versionRank(a.join(".")), versionRank(b.join("."))];
      return (one < two ? -1 : one > two ? 1 : 0) === expected;
    }),
  );
});
