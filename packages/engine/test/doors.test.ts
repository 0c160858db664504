import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeInputs, OciHook } from "@outrigger/sdk";
import { visit } from "./support/visit.ts";

type Create = ChangeInputs["container.preCreate"];
type Endpoint = ChangeInputs["container.preCreateEndpoint"];
type Volume = ChangeInputs["volume.preCreate"];

const id = "a".repeat(64);
const inspected = {
  Id: id,
  Name: "/web",
  Config: { Image: "nginx", Labels: { team: "blue" }, Env: ["A=1"] },
  State: { Running: true },
  GraphDriver: { Data: { MergedDir: "/merged" } },
};
const create = { target: "/v1.41/containers/create?name=web", route: "container.create" };

/** Keeps what a hook was given, and gives it on. */
function kept<Input>(list: Input[], input: Input): Input {
  list.push(input);
  return input;
}

test("a create that nobody changes goes as it came", async () => {
  const { sent } = await visit({
    ...create,
    body: '{ "Image" : "nginx", "X": 9223372036854771712 }',
    hooks: { "container.preCreate": () => undefined },
  });
  assert.deepEqual(sent, {});
});

test("a body in another spelling is sent in the engine's, so that plug-ins and engine agree", async () => {
  const seen: unknown[] = [];
  const { body } = await visit({
    ...create,
    body: { image: "nginx", hostconfig: { privileged: true } },
    hooks: { "container.preCreate": (input: Create) => void seen.push(input.body.HostConfig?.Privileged) },
  });
  assert.deepEqual(seen, [true]);
  assert.deepEqual(body, { Image: "nginx", HostConfig: { Privileged: true } });
});

test("a create's name, platform and body can change; integers stay exact", async () => {
  const { sent, body } = await visit({
    ...create,
    body: '{"Image":"nginx","HostConfig":{"Memory":9223372036854771712}}',
    hooks: {
      "container.preCreate": (input: Create) => ({
        name: "blue web",
        platform: "linux/arm64",
        body: { ...input.body, Labels: { by: "tester" } },
      }),
    },
  });
  assert.equal(sent?.target, "/v1.41/containers/create?name=blue%20web&platform=linux%2Farm64");
  assert.deepEqual(body, { Image: "nginx", HostConfig: { Memory: 9223372036854771712n }, Labels: { by: "tester" } });
});

test("parameters that engines could read differently are refused", async () => {
  const hooks = { "container.preCreate": () => undefined };
  const twice = visit({ ...create, target: "/v1.41/containers/create?name=a&name=b", body: {}, hooks });
  await assert.rejects(twice, { code: "request-malformed", message: /name stands twice/ });
});

test("each network that a container joins is an endpoint, also the one that its mode implies", async () => {
  const seen: unknown[] = [];
  const body = {
    Image: "a",
    HostConfig: { NetworkMode: "front" },
    NetworkingConfig: { EndpointsConfig: { back: { Aliases: ["x"], GwPriority: 5 } } },
  };
  const { body: sent } = await visit({
    ...create,
    target: "/v1.48/containers/create",
    body,
    hooks: {
      "container.preCreateEndpoint": (input: Endpoint, call) => {
        seen.push([call.network, input]);
        return call.network === "back" ? { ...input, priority: 100, parameters: { "com.example.rate": "10" } } : undefined;
      },
    },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(seen)), [
    ["back", { priority: 5, disableResolver: false, parameters: {}, settings: { Aliases: ["x"] } }],
    ["front", { priority: null, disableResolver: false, parameters: {}, settings: {} }],
  ]);
  assert.deepEqual((sent as typeof body).NetworkingConfig, {
    EndpointsConfig: { back: { Aliases: ["x"], GwPriority: 100, DriverOpts: { "com.example.rate": "10" } } },
  });
});

test("a priority that the API's version can't carry is said, not dropped silently", async () => {
  const { answer, body } = await visit({
    ...create,
    body: { Image: "a" },
    hooks: { "container.preCreateEndpoint": (input: Endpoint) => ({ ...input, priority: 7 }) },
  });
  assert.match(String(answer.body), /tester: this engine's endpoints have no priority, so bridge keeps its own/);
  assert.deepEqual((body as { NetworkingConfig: unknown }).NetworkingConfig, { EndpointsConfig: { bridge: {} } });
});

test("containers without a network of their own have no endpoint", async () => {
  for (const extra of [
    { HostConfig: { NetworkMode: "host" } },
    { HostConfig: { NetworkMode: "container:x" } },
    { HostConfig: { NetworkMode: "none" } },
    { NetworkDisabled: true },
  ]) {
    const { sent } = await visit({
      ...create,
      body: { Image: "a", ...extra },
      hooks: { "container.preCreateEndpoint": () => assert.fail("no endpoint") },
    });
    assert.deepEqual(sent, {});
  }
});

test("switching the resolver off puts the host's resolv.conf in the container", async () => {
  const { body } = await visit({
    ...create,
    body: { Image: "a" },
    hooks: { "container.preCreateEndpoint": (input: Endpoint) => ({ ...input, disableResolver: true }) },
  });
  assert.deepEqual((body as { HostConfig: unknown }).HostConfig, { Binds: ["/etc/resolv.conf:/etc/resolv.conf:ro"] });
});

test("every volume that a create makes implicitly is asked for: binds, mounts, paths, the image's", async () => {
  const seen: unknown[] = [];
  const { body } = await visit({
    ...create,
    body: {
      Image: "app:1",
      Volumes: { "/anonymous": {}, "/bound": {} },
      HostConfig: {
        VolumeDriver: "local",
        Binds: ["/host:/bound:ro", "data:/data:ro,nocopy", "there:/there", "/single"],
        Mounts: [
          { Type: "volume", Source: "mounted", Target: "/mounted", VolumeOptions: { Labels: { a: "b" } } },
          { Type: "bind", Source: "/x", Target: "/x" },
        ],
      },
    },
    engine: { "GET /volumes/there": {}, "GET /images/app%3A1/json": { Config: { Volumes: { "/of-image": {}, "/mounted": {} } } } },
    hooks: {
      "volume.preCreate": (input: Volume, call) => {
        assert.equal(call.implicit, true);
        seen.push(JSON.parse(JSON.stringify(input)));
        return { ...input, DriverOpts: { size: "1g" } };
      },
    },
  });
  assert.deepEqual(seen, [
    { Name: "mounted", Labels: { a: "b" } },
    { Name: "data", Driver: "local" },
    { Driver: "local" },
    { Driver: "local" },
    { Driver: "local" },
  ]);
  const driver = { DriverConfig: { Name: "local", Options: { size: "1g" } } };
  assert.deepEqual(body, {
    Image: "app:1",
    Volumes: { "/bound": {} },
    HostConfig: {
      VolumeDriver: "local",
      Binds: ["/host:/bound:ro", "there:/there"],
      Mounts: [
        { Type: "volume", Source: "mounted", Target: "/mounted", VolumeOptions: { Labels: { a: "b" }, ...driver } },
        { Type: "bind", Source: "/x", Target: "/x" },
        { Type: "volume", Target: "/data", ReadOnly: true, Source: "data", VolumeOptions: { NoCopy: true, ...driver } },
        { Type: "volume", Target: "/single", VolumeOptions: driver },
        { Type: "volume", Target: "/anonymous", VolumeOptions: driver },
        { Type: "volume", Target: "/of-image", VolumeOptions: driver },
      ],
    },
  });
});

test("a changed volume with a mode that a mount can't have is refused", async () => {
  const change = visit({
    ...create,
    body: { HostConfig: { Binds: ["data:/data:z"] } },
    hooks: { "volume.preCreate": (input: Volume) => ({ ...input, Driver: "x" }) },
  });
  await assert.rejects(change, { code: "volume-not-changeable", message: /data:\/data:z.*mode z/ });
});

test("a container with OCI hooks runs under the wrapper, and its start keeps them by its full id", async () => {
  const stored: unknown[] = [];
  const records = {
    put: (...given: readonly unknown[]) => Promise.resolve(void stored.push(given)),
    remove: () => Promise.resolve(),
    prune: () => Promise.resolve(0),
  };
  const hook: OciHook = { priority: 5, path: "/bin/true" };
  const hooks = { "container.preStart": () => ({ hooks: [hook] }) };
  const made = await visit({ ...create, body: { Image: "a" }, hooks, records });
  assert.deepEqual((made.body as { HostConfig: unknown }).HostConfig, { Runtime: "outrigger" });
  await assert.rejects(visit({ ...create, body: { HostConfig: { Runtime: "runc" } }, hooks, records }), { code: "runtime-refused" });
  const engine = { "GET /containers/web/json": inspected };
  const started = await visit({
    target: "/v1.41/containers/web/start?detachKeys=x",
    route: "container.start",
    parameters: { name: "web" },
    engine,
    hooks,
    records,
  });
  assert.equal(started.sent?.target, `/v1.41/containers/${id}/start?detachKeys=x`);
  assert.deepEqual(stored, [[id, [{ plugin: "tester", hook }]]]);
});

test("an update is seen before and, when it has succeeded, after, with the root filesystem", async () => {
  const told: unknown[] = [];
  const { sent, body } = await visit({
    target: "/v1.41/containers/web/update",
    route: "container.update",
    parameters: { name: "web" },
    body: { memory: 5 },
    engine: { "GET /containers/web/json": inspected, [`GET /containers/${id}/json`]: inspected },
    answer: { status: 200, headers: [], body: Buffer.from('{"Warnings":null}') },
    hooks: {
      "container.preUpdate": (input: ChangeInputs["container.preUpdate"], call) => {
        assert.equal(call.container?.name, "web");
        return { body: { ...input.body, Memory: 10 } };
      },
      "container.postUpdate": (input: { rootfs: unknown; body: unknown }) => void told.push([input.rootfs, input.body]),
    },
  });
  assert.equal(sent?.target, `/v1.41/containers/${id}/update`);
  assert.deepEqual(body, { Memory: 10 });
  assert.deepEqual(JSON.parse(JSON.stringify(told)), [["/merged", { Memory: 10 }]]);
});

test("an update that fails is told to nobody; a plug-in that fails after one is a warning", async () => {
  const update = {
    target: "/containers/web/update",
    route: "container.update",
    parameters: { name: "web" },
    body: {},
    engine: { "GET /containers/web/json": inspected },
  };
  const hooks = {
    "container.postUpdate": () => {
      throw new Error("disk full");
    },
  };
  const failed = await visit({ ...update, hooks, answer: { status: 500, headers: [], body: Buffer.from('{"message":"no"}') } });
  assert.equal(String(failed.answer.body), '{"message":"no"}');
  const done = await visit({
    ...update,
    hooks,
    answer: { status: 200, headers: [["Content-Length", "17"]], body: Buffer.from('{"Warnings":null}') },
  });
  assert.deepEqual(JSON.parse(String(done.answer.body)), { Warnings: ["The update is done, but tester failed after it: disk full"] });
});

test("an exec is seen as the container that it would be, and can't carry what it has no field for", async () => {
  const seen: Create[] = [];
  const exec = {
    target: "/v1.41/containers/web/exec",
    route: "exec.create",
    parameters: { name: "web" },
    body: { cmd: ["id"], privileged: true, Env: ["A=1"] },
    engine: { "GET /containers/web/json": inspected },
  };
  const { body } = await visit({
    ...exec,
    hooks: {
      "container.preCreate": (input: Create) => ({
        ...kept(seen, input),
        body: { ...input.body, User: "nobody", HostConfig: { Privileged: false } },
      }),
    },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(seen[0]?.body)), { Cmd: ["id"], Env: ["A=1"], HostConfig: { Privileged: true } });
  assert.deepEqual(body, { Cmd: ["id"], Privileged: false, Env: ["A=1"], User: "nobody" });
  const labelled = visit({
    ...exec,
    hooks: { "container.preCreate": (input: Create) => ({ ...input, body: { ...input.body, Labels: { a: "b" } } }) },
  });
  await assert.rejects(labelled, { code: "door-cannot-carry", message: /tester changes Labels, which an exec can't carry/ });
});

test("a service is seen as its containers will be, with the host's network under any name", async () => {
  const seen: Create[] = [];
  const spec = {
    Name: "web",
    TaskTemplate: {
      ContainerSpec: {
        image: "nginx",
        Args: ["-g"],
        Privileges: { Seccomp: { Mode: "unconfined" } },
        Mounts: [{ Type: "volume", Source: "data", Target: "/d" }],
      },
      Resources: { Limits: { MemoryBytes: 5 } },
      Networks: [{ Target: "h1" }],
    },
  };
  const { body } = await visit({
    target: "/v1.41/services/create",
    route: "service.create",
    body: spec,
    engine: { "GET /networks/host": { Id: "h1" } },
    hooks: {
      "container.preCreate": (input: Create) => ({
        ...kept(seen, input),
        body: { ...input.body, Labels: { by: "tester" }, HostConfig: { ...input.body.HostConfig, Memory: 7 } },
      }),
      "volume.preCreate": (input: Volume) => ({ ...input, Labels: { kept: "yes" } }),
    },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(seen[0]?.body.HostConfig)), {
    Mounts: spec.TaskTemplate.ContainerSpec.Mounts,
    Memory: 5,
    NetworkMode: "host",
    SecurityOpt: ["seccomp=unconfined"],
  });
  const { Image, Labels, Mounts } = (body as { TaskTemplate: { ContainerSpec: Readonly<Record<string, unknown>> } }).TaskTemplate
    .ContainerSpec;
  assert.deepEqual(
    { Image, Labels, Mounts },
    {
      Image: "nginx",
      Labels: { by: "tester" },
      Mounts: [{ Type: "volume", Source: "data", Target: "/d", VolumeOptions: { Labels: { kept: "yes" } } }],
    },
  );
  assert.deepEqual((body as { TaskTemplate: { Resources: unknown } }).TaskTemplate.Resources, { Limits: { MemoryBytes: 7 } });
});

test("a service whose tasks are plug-ins is refused: no hook would see what they get", async () => {
  const made = visit({
    target: "/services/create",
    route: "service.create",
    body: { TaskTemplate: { runtime: "plugin", PluginSpec: { name: "x" } } },
    hooks: { "container.preCreate": () => undefined },
  });
  await assert.rejects(made, { code: "door-not-judged" });
});

test("a build's parameters are seen as a create body, and changed ones are written back", async () => {
  const seen: Create[] = [];
  const { sent } = await visit({
    target: `/v1.41/build?t=a&t=b&networkmode=host&memory=5&labels=${encodeURIComponent('{"a":"1"}')}&extrahosts=x:1&extrahosts=y:2`,
    route: "build",
    headers: [["Content-Type", "application/x-tar"]],
    hooks: {
      "container.preCreate": (input: Create) => ({
        ...kept(seen, input),
        body: { ...input.body, Labels: { a: "1", by: "tester" }, HostConfig: { ...input.body.HostConfig, NetworkMode: "none" } },
      }),
    },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(seen[0]?.body)), {
    Labels: { a: "1" },
    HostConfig: { NetworkMode: "host", Memory: 5, ExtraHosts: ["x:1", "y:2"] },
  });
  assert.equal(
    sent?.target,
    `/v1.41/build?t=a&t=b&memory=5&extrahosts=x%3A1&extrahosts=y%3A2&labels=${encodeURIComponent('{"a":"1","by":"tester"}')}&networkmode=none`,
  );
});

test("a pull can be led elsewhere, and its plug-ins are told when it has really succeeded", async () => {
  const told: unknown[] = [];
  const pull = (lines: readonly string[]) => ({
    target: "/v1.41/images/create?fromImage=docker.io%2Flibrary%2Fnginx&tag=1.25",
    route: "image.pull",
    headers: [],
    engine: { "GET /info": { Driver: "overlay2" } },
    answer: {
      status: 200,
      headers: [],
      body: (async function* () {
        for (const line of lines) yield Buffer.from(line);
      })(),
    },
    hooks: {
      "image.prePull": (input: ChangeInputs["image.prePull"]) => ({
        ...input,
        reference: input.reference.replace("docker.io/", "mirror.local:5000/"),
      }),
      "image.postPull": (input: unknown) => {
        told.push(input);
        throw new Error("no room in the second store");
      },
    },
  });
  const digest = `sha256:${"b".repeat(64)}`;
  const { sent, answer } = await visit(pull(['{"status":"Pulling"}\r\n{"status":"Dig', `est: ${digest}"}\r\n`]));
  assert.equal(sent?.target, "/v1.41/images/create?fromImage=mirror.local%3A5000%2Flibrary%2Fnginx&tag=1.25");
  const text = Buffer.concat(await Array.fromAsync(answer.body as AsyncIterable<Buffer>)).toString();
  assert.deepEqual(told, [
    { reference: "mirror.local:5000/library/nginx:1.25", digest, platform: null, snapshotter: "overlay2", by: "client" },
  ]);
  assert.match(
    text,
    /Pulling.*\r\n\{"errorDetail":\{"message":"The image is pulled, but tester failed after it: no room in the second store"\},"error":".*"\}\r\n$/s,
  );
  const broken = await visit(pull(['{"errorDetail":{"message":"gone"},"error":"gone"}\r\n']));
  await Array.fromAsync(broken.answer.body as AsyncIterable<Buffer>);
  assert.equal(told.length, 1);
});
