import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ConfigValues } from "@outrigger/plugin";
import { type EndpointInput, type HookId, hookIds, type RouteResponse } from "@outrigger/sdk";
import { type PluginKit, testPlugin } from "@outrigger/sdk/test-kit";
import { recorded } from "./support/recorded.ts";
import { root } from "./support/sandbox.ts";

function example(name: string, settings: ConfigValues = {}): Promise<PluginKit> {
  return testPlugin({ folder: join(root, "examples", "engine-hooks", name), settings });
}

const container = { id: "abc", name: "web", image: "nginx", labels: { "example.hooks": "yes" } };

test("pass-through stands at every hook point and changes nothing of what clients send", async () => {
  const kit = await example("pass-through");
  const asked = kit.manifest.spec.engine.hooks.map(({ hook }) => hook);
  assert.deepEqual(asked.toSorted(), [...hookIds].toSorted());
  for (const name of ["plain", "many-flags", "compose-web", "python", "volume-cli", "network-compose", "update", "build"]) {
    const call = await recorded(name);
    const ids: readonly HookId[] = call.hook === "api.request" ? [call.hook] : [call.hook, `${call.hook}/validate` as HookId];
    for (const hook of ids) {
      const { changed, refused, called, input } = await kit.play({ ...call, hook });
      assert.deepEqual([name, changed, refused, called], [name, [], undefined, true]);
      assert.equal(input, call.input);
    }
  }
  const response: RouteResponse = { status: 200, headers: { a: "b" }, body: [1] };
  assert.deepEqual((await kit.route("* /*", "response", {}, response)).response, response);
});

test("helper-process asks for its helper", async () => {
  const kit = await example("helper-process", { helper: { command: "/usr/bin/sleep", arguments: "60\n", ready: "/run/x" } });
  const { result } = await kit.collect("daemon.preStart", { upstream: "unix:///var/run/docker.sock" });
  assert.deepEqual(result, { helpers: [{ name: "helper", command: ["/usr/bin/sleep", "60"], ready: "/run/x" }] });
  assert.equal((await kit.notify("daemon.preStop", { reason: "signal" })).refused, undefined);
});

test("oci-hooks gives a hook before the network and one after it, for containers with its label", async () => {
  const kit = await example("oci-hooks", { hooks: { before: "/usr/bin/touch", directory: "/tmp/x" } });
  const { result } = await kit.collect("container.preStart", { container });
  assert.deepEqual(
    result?.hooks?.map(({ priority, args }) => [priority, args]),
    [
      [10, ["/usr/bin/touch", "abc", "/tmp/x"]],
      [-10, ["/usr/bin/true", "abc", "/tmp/x"]],
    ],
  );
  assert.equal((await kit.collect("container.preStart", { container: { ...container, labels: {} } })).called, false);
});

test("main-network gives its network the default gateway and leaves the others", async () => {
  const kit = await example("main-network", { network: { main: "front", parameters: "a=b=c\n" } });
  const endpoint: EndpointInput = { priority: null, disableResolver: false, parameters: { a: "own" }, settings: {} };
  const front = await kit.change("container.preCreateEndpoint", endpoint, { network: "front" });
  assert.deepEqual(front.input, { ...endpoint, priority: 100 });
  const bare = await kit.change("container.preCreateEndpoint", { ...endpoint, parameters: {} }, { network: "front" });
  assert.deepEqual(bare.input.parameters, { a: "b=c" });
  assert.deepEqual((await kit.change("container.preCreateEndpoint", endpoint, { network: "back" })).changed, []);
});

test("variables-in-rootfs writes quoted variables, and never through a link of the container's", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "rootfs-"));
  context.after(() => rm(folder, { recursive: true }));
  const kit = await example("variables-in-rootfs");
  const update = (rootfs: string | null): Promise<unknown> =>
    kit.notify("container.postUpdate", { container: { ...container, env: ["A=it's", "B=$(x)", "1X=no", "C="] }, body: {}, rootfs });
  await mkdir(join(folder, "good", "etc", "profile.d"), { recursive: true });
  await update(join(folder, "good"));
  const text = await readFile(join(folder, "good", "etc", "profile.d", "container-variables.sh"), "utf8");
  assert.equal(text, "export A='it'\\''s'\nexport B='$(x)'\nexport C=''\n");
  await mkdir(join(folder, "outside", "profile.d"), { recursive: true });
  await mkdir(join(folder, "bad"));
  await symlink(join(folder, "outside"), join(folder, "bad", "etc"));
  await assert.rejects(update(join(folder, "bad")), { code: /ELOOP|ENOTDIR/ });
  await symlink("/etc/passwd", join(folder, "outside", "profile.d", "container-variables.sh"));
  await assert.rejects(update(join(folder, "bad")));
  await update(null);
});

test("cri-pod-name adds a variable and an annotation", async () => {
  const kit = await example("cri-pod-name");
  const config = {
    metadata: { name: "app" },
    envs: [
      { key: "POD", value: "forged" },
      { key: "A", value: "b" },
    ],
    linux: { resources: { memory_limit_in_bytes: 1n } },
  };
  const { input, changed } = await kit.change("cri.preCreateContainer", {
    config,
    sandboxConfig: { metadata: { name: "web", namespace: "shop" } },
  });
  assert.deepEqual(input.config["envs"], [
    { key: "A", value: "b" },
    { key: "POD", value: "shop/web" },
  ]);
  assert.deepEqual(input.config["linux"], config.linux);
  assert.deepEqual(changed.toSorted(), ["config.annotations", "config.envs"]);
});

test("routes: a new one, and other people's containers are hidden", async () => {
  const kit = await example("routes");
  const hello = await kit.route("GET /outrigger/hello", "handle", { version: null });
  assert.deepEqual(hello.response, { status: 200, body: { hello: "alice", version: null } });
  const own = { Id: "1", Labels: { "outrigger.created.user": "alice" } };
  const list = { status: 200, body: [own, { Id: "2", Labels: { "outrigger.created.user": "bob" } }, { Id: "3", Labels: null }] };
  assert.deepEqual((await kit.route("GET /containers/json", "response", {}, list)).response, { status: 200, body: [own] });
  const inspect = async (Labels: unknown): Promise<number | undefined> => {
    const answer = await kit.route(
      "GET /containers/{id:path}/json",
      "response",
      { parameters: { id: "x" } },
      { status: 200, body: { Config: { Labels } } },
    );
    return (answer.response as RouteResponse | undefined)?.status;
  };
  assert.deepEqual([await inspect(own.Labels), await inspect({})], [undefined, 404]);
});

test("pull-record keeps a line for each pull and fails those of bad digests", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "pulls-"));
  context.after(() => rm(folder, { recursive: true }));
  const kit = await example("pull-record", { record: { file: join(folder, "pulls"), bad_digests: "sha256:a\nsha256:b" } });
  const pulled = { reference: "nginx:1", digest: "sha256:c", platform: null, snapshotter: "overlay2", by: "client" } as const;
  assert.equal((await kit.notify("image.postPull", pulled)).refused, undefined);
  assert.equal((await kit.notify("image.postPull", { ...pulled, digest: "sha256:b" })).refused?.code, "bad-digest");
  assert.equal((await readFile(join(folder, "pulls"), "utf8")).split("\n").length, 3);
});
