import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckInputs } from "@outrigger/sdk";
import type { PluginKit } from "@outrigger/sdk/test-kit";
import { policyKit } from "./policy-kit.ts";

type Request = CheckInputs["api.request"];

async function ruleOf(kit: PluginKit, route: string | null, rest: Partial<Request> = {}): Promise<string | undefined> {
  return (await kit.check({ method: "POST", path: "/x", version: "1.41", query: [], route, ...rest })).refused?.code;
}

test("baseline: routes that hand over the host, and those that nobody knows, are closed", async () => {
  const kit = await policyKit();
  const closed = [
    "plugin.pull",
    "plugin.enable",
    "swarm.init",
    "swarm.inspect",
    "node.update",
    "grpc",
    "checkpoint.create",
    "volume.update",
    null,
  ];
  for (const route of closed) assert.equal(await ruleOf(kit, route), "routes", String(route));
  const open = [
    "container.list",
    "container.create",
    "exec.start",
    "session",
    "build",
    "plugin.list",
    "image.load",
    "system.ping",
    "container.archivePut",
  ];
  for (const route of open) assert.equal(await ruleOf(kit, route), undefined, route);
  const hello = await policyKit('rules: { routes: { unknown: ["/outrigger/*"] } }');
  assert.equal(await ruleOf(hello, null, { path: "/outrigger/hello" }), undefined);
  assert.equal(await ruleOf(hello, null, { path: "/outrigger" }), "routes");
  assert.equal(await ruleOf(kit, "container.start", { query: [["checkpoint-dir", "/etc"]] }), "routes");
});

test("start before API 1.24 could make a container privileged after it was created, so those versions are refused", async () => {
  const kit = await policyKit();
  for (const version of ["1.23", "1.2", "1", "0.99", ".", "1.", "1.023"])
    assert.equal(await ruleOf(kit, "container.start", { version }), "apiVersions", version);
  for (const version of ["1.24", "1.41", "1.100", "2.0", "01.41", null])
    assert.equal(await ruleOf(kit, "container.start", { version }), undefined, String(version));
});

test("a build's parameter that nobody knows is refused, unless the policy names it", async () => {
  const query: Request["query"] = [
    ["t", "x"],
    ["entitlements", "security.insecure"],
  ];
  assert.equal(await ruleOf(await policyKit(), "build", { query }), "fields");
  assert.equal(await ruleOf(await policyKit("rules: { fields: [build.entitlements] }"), "build", { query }), undefined);
});

test("where images are restricted, nobody passes an own image off as one of those", async () => {
  const kit = await policyKit('rules: { images: { allow: ["docker.io/library/*"] } }');
  const made = (route: string, ...query: readonly (readonly [string, string])[]): Promise<string | undefined> =>
    ruleOf(kit, route, { query });
  assert.equal(await made("image.tag", ["repo", "nginx"], ["tag", "1"]), "images");
  assert.equal(await made("image.tag", ["repo", "registry.example/x"], ["repo", "nginx"]), undefined, "the first value counts");
  assert.equal(await made("commit", ["repo", "docker.io/library/nginx"]), "images");
  assert.equal(await made("commit", ["repo", ""]), undefined);
  assert.equal(await made("build", ["t", "mine.local/x"], ["t", "nginx:latest"]), "images");
  assert.equal(await made("build", ["t", "mine.local/x"]), undefined);
  assert.equal(await made("build", ["outputs", '[{"Type":"moby","Attrs":{"name":"mine.local/x,nginx"}}]']), "images");
  assert.equal(await made("build", ["outputs", "not json"]), "images");
  assert.equal(await made("image.pull", ["fromSrc", "-"], ["repo", "nginx"]), "images");
  assert.equal(await made("image.pull", ["fromImage", "nginx"]), undefined);
  assert.equal(await made("image.load"), "images");
  const free = await policyKit('rules: { images: { allow: ["docker.io/library/*"], make: ["*"] } }');
  assert.equal(await ruleOf(free, "image.load"), undefined);
});
