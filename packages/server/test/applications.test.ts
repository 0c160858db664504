import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApplicationResource, ComponentResource, InstallationResource, Page, PlanResource } from "../src/api/resources.ts";
import { builtPlugin, manifest, sinkGroup } from "./support/samples.ts";
import { testServer, until } from "./support/server.ts";

const shop = "/teams/default/applications/shop";
const web = `${shop}/components/web`;

function component(name: string, more: object = {}): object {
  return { name, image: "example/app:1", ports: [{ port: 8080, protocol: "http" }], ...more };
}

test("an application is written, read, changed and removed, and its pods follow", async (context) => {
  const server = await testServer(context);
  const body = { components: [component("web", { dependsOn: ["api"] }), component("api")] };
  const made = await server.send<ApplicationResource>("PUT", shop, { body });
  assert.equal(made.status, 201);
  assert.deepEqual(
    made.body.components.map(({ name }) => name),
    ["web", "api"],
  );
  assert.equal(made.headers.get("etag"), `"${made.body.etag}"`);
  await until(() => server.engine.pods.size === 2, "two pods");
  assert.equal(server.engine.pods.get("default/shop/web")?.dependsOn[0], "api");

  const again = await server.send<ApplicationResource>("PUT", shop, { body: { components: [component("web")] } });
  assert.equal(again.status, 200);
  await until(() => server.engine.removed.length === 1, "api to be removed");
  assert.deepEqual(server.engine.removed, [{ key: "default/shop/api", volumes: false }]);
  await until(async () => (await server.send<ApplicationResource>("GET", shop)).body.components.length === 1, "one component");

  assert.equal((await server.send("DELETE", `${shop}?volumes=true`)).status, 202);
  await until(async () => (await server.send("GET", shop)).status === 404, "the application to be gone");
  assert.deepEqual(server.engine.removed.at(-1), { key: "default/shop/web", volumes: true });
  assert.equal(server.engine.pods.size, 0);
});

test("a write with several mistakes names all of them and changes nothing", async (context) => {
  const server = await testServer(context);
  await builtPlugin(server, manifest("log", { config: [sinkGroup] }));
  await server.send("POST", "/teams/default/plugins", { body: manifest("draft") });
  const body = {
    components: [
      component("web", { env: { A: "${NOWHERE}" }, plugins: [{ plugin: "log@1.0.0", values: { sink: { FORMAT: "xml" } } }] }),
      component("api", { securityContext: { privileged: true } }),
    ],
  };
  const problem = await server.refused(422, "application-invalid", "PUT", shop, { body });
  const paths = problem.problems?.map(({ path, code }) => `${path} ${code}`);
  assert.deepEqual(paths?.toSorted(), [
    "components[0].env.A variable-unknown",
    "components[0].plugins[0].values.sink.FORMAT wrong-value",
    "components[0].plugins[0].values.sink.HOST value-required",
    "components[1].securityContext privilege-not-granted",
  ]);
  const unknown = { components: [component("web", { plugins: [{ plugin: "nope" }, { plugin: "draft" }, { plugin: "draft2@1.0.0" }] })] };
  const second = await server.refused(422, "application-invalid", "PUT", shop, { body: unknown });
  assert.deepEqual(
    second.problems?.map(({ path }) => path),
    [0, 1, 2].map((index) => `components[0].plugins[${index}].plugin`),
  );
  await server.refused(404, "application-unknown", "GET", shop);
  assert.equal(server.engine.pods.size, 0);
});

test("a request with wrong fields names each, with the nearest right key", async (context) => {
  const server = await testServer(context);
  const body = { components: [{ name: "web", imag: "x", ports: [{ port: "80" }] }, component("web")] };
  const { problems = [] } = await server.refused(422, "request-invalid", "PUT", shop, { body });
  assert.ok(
    problems.some(({ path, hint }) => path === "components[0].imag" && hint?.includes("image")),
    JSON.stringify(problems),
  );
  assert.ok(
    problems.some(({ path }) => path === "components[0].ports[0].port"),
    JSON.stringify(problems),
  );
  assert.ok(
    problems.some(({ path, code }) => path === "components[1].name" && code === "duplicate-name"),
    JSON.stringify(problems),
  );
});

test("plug-ins are installed, configured, disabled and removed by hand, and the file's next write leaves them", async (context) => {
  const server = await testServer(context);
  await builtPlugin(server, manifest("log", { config: [sinkGroup] }));
  await builtPlugin(server, manifest("log", { version: "1.1.0-rc.1", config: [sinkGroup] }));
  await builtPlugin(server, manifest("top"));
  const write = (): Promise<unknown> =>
    server.send("PUT", shop, { body: { components: [component("web", { plugins: [{ plugin: "top" }] })] } });
  await write();

  const values = { sink: { HOST: "logs", TOKEN: "s3cret-text" } };
  const planned = await server.send<PlanResource>("POST", `${web}/installations?dryRun=true`, { body: { plugin: "log", values } });
  assert.equal(
    planned.body.components[0]?.pod?.containers.some(({ name }) => name === "log"),
    true,
  );
  assert.equal((await server.send<ComponentResource>("GET", web)).body.installations.length, 1);

  const made = await server.send<InstallationResource>("POST", `${web}/installations`, { body: { plugin: "log", values } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal(made.body.version, "1.0.0", "a pre-release is taken only where it is named");
  assert.deepEqual(made.body.values, { sink: { HOST: "logs", TOKEN: { secret: "set" } } });
  await server.refused(409, "already-installed", "POST", `${web}/installations`, { body: { plugin: "log", values } });

  const at = `${web}/installations/log`;
  const patch = { resources: { memory: "64Mi" }, values: { sink: { FORMAT: "text", TOKEN: { secret: "set" } } } };
  const changed = await server.send<InstallationResource>("PATCH", at, { body: patch, headers: { "if-match": `"${made.body.etag}"` } });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  await server.refused(412, "changed-meanwhile", "PATCH", at, { body: patch, headers: { "if-match": `"${made.body.etag}"` } });
  const off = await server.send<InstallationResource>("PATCH", at, { body: { enabled: false } });
  assert.equal(off.body.state, "disabled");
  assert.deepEqual([off.body.resources, off.body.values], [changed.body.resources, changed.body.values], "disabling keeps every setting");
  await until(() => server.engine.pods.get("default/shop/web")?.containers.every(({ name }) => name !== "log"), "log to leave the pod");
  await server.send("PATCH", at, { body: { enabled: true } });
  await write();
  const { body: both } = await server.send<Page<InstallationResource>>("GET", `${web}/installations`);
  assert.deepEqual(
    both.items.map(({ plugin, origin }) => `${plugin} ${origin}`),
    ["top file", "log api"],
  );

  const pod = await until(() => {
    const found = server.engine.pods.get("default/shop/web");
    return found?.containers.some(({ name }) => name === "log") === true && found;
  }, "log in the pod");
  const variable = pod.containers.find(({ name }) => name === "log")?.env.find(({ name }) => name === "TOKEN");
  assert.ok(variable !== undefined && "secret" in variable);
  assert.equal(
    await server.engine.options?.secret({ team: "default", application: "shop", component: "web" }, variable.secret),
    "s3cret-text",
  );

  const unset = await server.send<InstallationResource>("PATCH", at, { body: { values: { sink: { FORMAT: null, TOKEN: null } } } });
  assert.deepEqual(unset.body.values, { sink: { HOST: "logs" } });
  assert.equal((await server.send("DELETE", at)).status, 204);
  await server.refused(404, "installation-unknown", "GET", at);
});

test("another version is refused where the values no longer fit, and says why", async (context) => {
  const server = await testServer(context);
  await builtPlugin(server, manifest("log", { config: [sinkGroup] }));
  await builtPlugin(
    server,
    manifest("log", { version: "2.0.0", config: [{ group: "sink", items: [{ name: "ADDRESS", required: true }] }] }),
  );
  const body = { components: [component("web", { plugins: [{ plugin: "log@1.0.0", values: { sink: { HOST: "logs" } } }] })] };
  await server.send("PUT", shop, { body });
  const at = `${web}/installations/log`;
  const { problems } = await server.refused(422, "installation-invalid", "PATCH", at, { body: { version: "2.0.0" } });
  assert.deepEqual(problems?.map(({ path, code }) => `${path} ${code}`).toSorted(), [
    "values.sink.ADDRESS value-required",
    "values.sink.HOST unknown-key",
  ]);
  const moved = { version: "2.0.0", values: { sink: { HOST: null, ADDRESS: "logs" } } };
  assert.equal((await server.send<InstallationResource>("PATCH", at, { body: moved })).body.version, "2.0.0");
});

test("a component whose image is not built waits and says so; the build lets it run", async (context) => {
  const server = await testServer(context);
  const { image: _, ...built } = component("web", { build: { context: "." } }) as { image: string };
  assert.equal((await server.send("PUT", shop, { body: { components: [built] } })).status, 201);
  const waiting = await until(async () => {
    const { status } = (await server.send<ComponentResource>("GET", web)).body;
    return status.reason?.includes("has not been built") && status;
  }, "the reason");
  assert.equal(waiting.state, "waiting");
  const { tarOf, endedBuild } = await import("./support/samples.ts");
  const tar = await tarOf({ name: "Dockerfile", text: "FROM scratch" });
  const { body } = await server.send<{ id: string }>("POST", `${web}/builds?arg=A=1&arg=B=x%3Dy`, { body: tar });
  assert.equal((await endedBuild(server, body.id)).state, "built");
  await until(() => server.engine.pods.has("default/shop/web"), "the pod");
  assert.deepEqual(server.engine.builds[0]?.request.args, { A: "1", B: "x=y" });
  assert.match((await server.send<ComponentResource>("GET", web)).body.contextDigest ?? "", /^[0-9a-f]{64}$/);
});

test("a host port that another application has is refused, and the other team's name is not told", async (context) => {
  const server = await testServer(context);
  const published = (address: string): object => ({
    components: [{ name: "web", image: "x", ports: [{ port: 80, publish: { port: 9, address } }] }],
  });
  assert.equal((await server.send("PUT", shop, { body: published("127.0.0.1") })).status, 201);
  await server.send("POST", "/teams", { body: { name: "other" } });
  const { problems } = await server.refused(422, "application-invalid", "PUT", "/teams/other/applications/a", {
    body: published("0.0.0.0"),
  });
  assert.equal(problems?.[0]?.path, "components[0].ports[0].publish");
  assert.doesNotMatch(JSON.stringify(problems), /shop/);
  assert.equal((await server.send("PUT", "/teams/other/applications/a", { body: published("127.0.0.2") })).status, 201);
});

test("a privilege is granted by the team", async (context) => {
  const server = await testServer(context);
  await builtPlugin(server, manifest("net", { pod: { securityContext: { capabilities: { add: ["NET_ADMIN"] } } } }));
  const body = { components: [component("web", { plugins: [{ plugin: "net" }] })] };
  const { problems } = await server.refused(422, "application-invalid", "PUT", shop, { body });
  assert.deepEqual(
    problems?.map(({ path, code }) => `${path} ${code}`),
    ["components[0].plugins[0] privilege-not-granted"],
  );
  await server.send("PATCH", "/teams/default", { body: { allow: ["capability:NET_ADMIN"] } });
  assert.equal((await server.send("PUT", shop, { body })).status, 201);
});

test("conditional writes and dry runs of an application", async (context) => {
  const server = await testServer(context);
  const body = { components: [component("web")] };
  const plan = await server.send<PlanResource>("PUT", `${shop}?dryRun=true`, { body });
  assert.deepEqual(
    plan.body.components.map(({ component: name, action }) => `${name} ${action}`),
    ["web create"],
  );
  await server.refused(404, "application-unknown", "GET", shop);
  const create = { "if-none-match": "*" };
  const made = await server.send<ApplicationResource>("PUT", shop, { body, headers: create });
  assert.equal(made.status, 201);
  await server.refused(412, "exists-already", "PUT", shop, { body, headers: create });
  await until(() => server.engine.pods.size === 1, "the pod");
  const second = await server.send<PlanResource>("PUT", `${shop}?dryRun=true`, { body: { components: [component("api")] } });
  assert.deepEqual(
    second.body.components.map(({ component: name, action }) => `${name} ${action}`),
    ["api create", "web remove"],
  );
  await server.refused(412, "changed-meanwhile", "PUT", shop, { body, headers: { "if-match": '"old"' } });
  assert.equal((await server.send("PUT", shop, { body, headers: { "if-match": `W/"x", "${made.body.etag}"` } })).status, 200);
});

test("a removal that the engine refuses is tried again; meanwhile the application can't be written", async (context) => {
  const server = await testServer(context);
  const body = { components: [component("web")] };
  await server.send("PUT", shop, { body });
  await until(() => server.engine.pods.size === 1, "the pod");
  server.engine.removal = { ms: 0, failing: true };
  await server.send("DELETE", shop);
  await until(
    async () => (await server.send<ComponentResource>("GET", web)).body.status.reason?.includes("can't be removed yet"),
    "the reason",
  );
  await server.refused(409, "application-deleting", "PUT", shop, { body });
  server.engine.removal = { ms: 0, failing: false };
  await until(async () => (await server.send("GET", shop)).status === 404, "the removal");
  assert.equal((await server.send("PUT", shop, { body })).status, 201);
});

test("a component that comes back while it is being removed runs again; a restart makes its pod anew", async (context) => {
  const server = await testServer(context);
  const both = { components: [component("web"), component("api")] };
  await server.send("PUT", shop, { body: both });
  await until(() => server.engine.pods.size === 2, "both pods");
  server.engine.removal = { ms: 100, failing: false };
  await server.send("PUT", shop, { body: { components: [component("web")] } });
  await server.send("PUT", shop, { body: both });
  await until(() => server.engine.removed.length === 1, "the removal");
  await until(() => server.engine.pods.size === 2, "both pods again");
  assert.equal((await server.send("POST", `${web}/restart`)).status, 202);
  await until(() => server.engine.removed.length === 2, "the pod's end");
  await until(() => server.engine.pods.size === 2, "the pod anew");
});

test("after a restart of the server what is stored is wanted, and what nothing asks for is removed", async (context) => {
  const server = await testServer(context);
  await server.send("PUT", shop, { body: { components: [component("web")] } });
  const stray = await until(() => server.engine.pods.get("default/shop/web"), "the pod");
  await server.stop();
  server.engine.pods.clear();
  server.engine.pods.set("default/gone/old", { ...stray, application: "gone", component: "old" });
  await server.restart();
  await until(() => server.engine.pods.has("default/shop/web") && !server.engine.pods.has("default/gone/old"), "the wanted state");
});
