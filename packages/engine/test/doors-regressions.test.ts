import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeInputs } from "@outrigger/sdk";
import { routeOf, visit } from "./support/visit.ts";

type Create = ChangeInputs["container.preCreate"];
type Endpoint = ChangeInputs["container.preCreateEndpoint"];
type Volume = ChangeInputs["volume.preCreate"];

const id = "a".repeat(64);
const engine = { "GET /containers/web/json": { Id: id, Name: "/web", Config: { Image: "nginx" } } };

test("docker 28 calls the bridge `default`: a changed endpoint stays the only one", async () => {
  const { body } = await visit({
    target: "/v1.41/containers/create",
    route: "container.create",
    body: { Image: "a", HostConfig: { NetworkMode: "default" }, NetworkingConfig: { EndpointsConfig: { default: {} } } },
    hooks: { "container.preCreateEndpoint": (input: Endpoint) => ({ ...input, parameters: { a: "b" } }) },
  });
  assert.deepEqual((body as { NetworkingConfig: unknown }).NetworkingConfig, { EndpointsConfig: { bridge: { DriverOpts: { a: "b" } } } });
});

test("`docker run` with a wrapper on every route hung in its wait: streamed answers pass by", async () => {
  const wrap = routeOf({ method: "*", path: "*", action: "wrap", wraps: ["response"], response: () => assert.fail("not asked") });
  const headers = [["Content-Type", "application/json"]] as const;
  const endless = (async function* (): AsyncIterable<Buffer> {
    yield await new Promise<never>(() => {});
  })();
  for (const route of ["container.wait", "plugin.pull", "image.push", "service.logs"]) {
    const { answer } = await visit({ target: "/x", route, routes: [wrap], answer: { status: 200, headers, body: endless } });
    assert.equal(answer.body, endless);
  }
});

test("an answer too large to be looked at is refused where a plug-in would hide parts of it", async () => {
  const wrap = routeOf({ method: "GET", path: "/containers/json", action: "wrap", wraps: ["response"] });
  const large = { status: 200, headers: [["Content-Type", "application/json"]] as const, body: Buffer.from(`"${"x".repeat(1_000_001)}"`) };
  const list = visit({ method: "GET", target: "/containers/json", route: "container.list", routes: [wrap], answer: large });
  await assert.rejects(list, { code: "answer-too-large", status: 502 });
});

test("credentials of the registry that a client named don't go to another one", async () => {
  const pull = (to: string) =>
    visit({
      target: "/images/create?fromImage=private.example%2Fapp&tag=1",
      route: "image.pull",
      headers: [["X-Registry-Auth", "secret"]],
      hooks: { "image.prePull": (input: ChangeInputs["image.prePull"]) => ({ ...input, reference: to }) },
    });
  assert.deepEqual((await pull("mirror.example/app:1")).sent?.headers, []);
  assert.deepEqual((await pull("app:1")).sent?.headers, []);
  assert.equal((await pull("private.example/other:2")).sent?.headers, undefined);
});

test("a commit without a body, as clients send it, can be labelled", async () => {
  const { sent, body } = await visit({
    target: "/commit?container=web&repo=a",
    route: "commit",
    engine,
    headers: [],
    hooks: { "container.preCreate": (input: Create) => ({ ...input, body: { ...input.body, Labels: { by: "tester" } } }) },
  });
  assert.deepEqual(
    [sent?.target, sent?.headers, body],
    [`/commit?repo=a&container=${id}`, [["Content-Type", "application/json"]], { Labels: { by: "tester" } }],
  );
});

test("before API 1.24 a start could bring another HostConfig: a start with a body is refused", async () => {
  const start = { target: "/v1.23/containers/web/start", route: "container.start", parameters: { name: "web" }, engine };
  const hooks = { "container.preCreate": () => undefined };
  await assert.rejects(visit({ ...start, hooks, body: { Privileged: true, Binds: ["/:/host"] } }), { code: "door-not-judged" });
  for (const body of [undefined, "", "null", "{}\n"]) assert.deepEqual((await visit({ ...start, hooks, body })).sent, {});
});

test("a bind that is a path and a mode is a volume of its own", async () => {
  const seen: unknown[] = [];
  const { body } = await visit({
    target: "/containers/create",
    route: "container.create",
    body: { HostConfig: { Binds: ["/data:ro"] } },
    hooks: {
      "volume.preCreate": (input: Volume) => {
        seen.push({ ...input });
        return { ...input, Labels: { a: "b" } };
      },
    },
  });
  assert.deepEqual(seen, [{}]);
  const mount = { Type: "volume", Target: "/data", ReadOnly: true, VolumeOptions: { Labels: { a: "b" } } };
  assert.deepEqual((body as { HostConfig: unknown }).HostConfig, { Binds: [], Mounts: [mount] });
});

test("a create body without mounts goes on byte for byte where no volume changes", async () => {
  const body = { Image: "nginx", HostConfig: { NetworkMode: "none" } };
  const { sent } = await visit({
    method: "POST",
    target: "/v1.41/containers/create",
    route: "container.create",
    body,
    hooks: { "volume.preCreate": () => undefined },
    engine: { "GET /images/nginx/json": { Config: {} } },
  });
  assert.equal(sent?.body, undefined);
});
