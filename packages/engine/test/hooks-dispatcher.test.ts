import assert from "node:assert/strict";
import { test } from "node:test";
import type { EnginePrivileges } from "@outrigger/plugin";
import { callPlugin, callRoute, defineEnginePlugin, describePlugin, type EnginePlugin, refuse } from "@outrigger/sdk";
import { createBreaker } from "../src/hooks/breaker.ts";
import { createDispatcher } from "../src/hooks/create-dispatcher.ts";
import type { Call } from "../src/hooks/dispatcher.ts";
import type { Member } from "../src/hooks/member.ts";
import { createTraceStore, type TraceStore } from "../src/hooks/trace-store.ts";
import { aCall } from "./plugin-folder.ts";

function member(plugin: EnginePlugin, privileges: Partial<EnginePrivileges> = {}, shares = true): Member {
  const description = describePlugin(plugin);
  return {
    name: plugin.name,
    version: "1.0.0",
    before: [],
    after: [],
    priority: 0,
    privileges: { change: ["*"], clientProcess: false, helpers: false, runAsRoot: false, ...privileges },
    hooks: (description.hooks ?? []).map(({ hook, order, filter }) => ({
      hook,
      order,
      filter: filter ?? {},
      failPolicy: "closed",
      timeout: 1_000,
    })),
    routes: description.routes ?? [],
    callee: {
      call: (hook, { facts, input }) => callPlugin(plugin, { hook, facts, input }),
      route: (index, side, call) => callRoute(plugin, index, side, call),
      suspect: () => {},
      shares,
    },
    breaker: createBreaker(),
  };
}

const create = (body: object): { readonly name: null; readonly platform: null; readonly body: object } => ({
  name: null,
  platform: null,
  body,
});
const atCreate = (facts: Partial<Call> = {}): Call => aCall({ door: "create", ...facts });
/** A plug-in that sets a field of the body. */
const setter = (name: string, change: object): EnginePlugin =>
  defineEnginePlugin({ name, hooks: { "container.preCreate": (input) => ({ ...input, body: { ...input.body, ...change } }) } });

test("each plug-in sees what the one before made, and validation sees what all made", async () => {
  const seen: unknown[] = [];
  const watcher = defineEnginePlugin({
    name: "watcher",
    hooks: {
      "container.preCreate": {
        handler: ({ body }) => void seen.push(body),
        validate: ({ body }) => {
          if (body.User === "root") throw refuse({ message: "Not as root." });
          return undefined;
        },
      },
    },
  });
  const dispatcher = createDispatcher([member(setter("one", { User: "app" })), member(watcher), member(setter("two", { User: "root" }))]);
  await assert.rejects(dispatcher.change("container.preCreate", create({}), atCreate()), {
    code: "plugin-refused",
    status: 403,
    message: "watcher: Not as root.",
  });
  assert.deepEqual(seen, [{ User: "app" }]);
});

test("a change outside of its privileges is a failure of the plug-in that names the field", async () => {
  const dispatcher = createDispatcher([
    member(setter("greedy", { HostConfig: { Memory: 1, Privileged: true } }), { change: ["body.HostConfig.Memory"] }),
  ]);
  await assert.rejects(dispatcher.change("container.preCreate", create({}), atCreate()), {
    code: "plugin-failed",
    message: /^greedy failed at container\.preCreate.*it changed what it has no privilege to change: body\.HostConfig\.Privileged$/,
  });
});

test("a plug-in sees no variables unless they are named, and what it does not see is kept", async () => {
  let seen: unknown;
  const plugin = defineEnginePlugin({
    name: "labeler",
    hooks: {
      "container.preCreate": (input) => {
        seen = input.body;
        return { ...input, body: { ...input.body, Labels: { a: "b" } } };
      },
    },
  });
  const body = { Image: "a", Env: ["SECRET=1"], HostConfig: { Memory: 9007199254740993n } };
  const { input, changedBy } = await createDispatcher([member(plugin)]).change("container.preCreate", create(body), atCreate());
  assert.deepEqual(seen, { Image: "a", HostConfig: { Memory: 9007199254740993n } });
  assert.deepEqual([input.body, changedBy], [{ ...body, Labels: { a: "b" } }, ["labeler"]]);
  await createDispatcher([member(plugin, { see: ["*", "body.Env"] })]).change("container.preCreate", create(body), atCreate());
  assert.deepEqual(seen, body);
  await createDispatcher([member(plugin, { see: ["body.HostConfig.*"] })]).change("container.preCreate", create(body), atCreate());
  assert.deepEqual(seen, { HostConfig: body.HostConfig });
});

test("a plug-in can't overwrite what is set and hidden from it", async () => {
  const dispatcher = createDispatcher([member(setter("blind", { Env: ["A=1"] }))]);
  await assert.rejects(
    dispatcher.change("container.preCreate", create({ Env: ["B=2"] }), atCreate()),
    /it changed body\.Env, which is set and which it has no privilege to see/,
  );
  assert.deepEqual((await dispatcher.change("container.preCreate", create({}), atCreate())).changedBy, ["blind"]);
});

test("who asks is told, which process only with the privilege, and a container's variables only where they are named", async () => {
  const seen: unknown[] = [];
  const plugin = defineEnginePlugin({
    name: "nosy",
    hooks: { "container.preCreate": (_, { client, container }) => void seen.push(client, container?.env) },
  });
  const process = { pid: 1, uid: 0, user: "root" };
  const client = { listener: "unix:///a", user: null, process };
  const container = { id: "1", name: "a", image: "b", labels: {}, env: ["SECRET=1"] };
  const call = atCreate({ client: async () => client, container });
  await createDispatcher([member(plugin), member(plugin, { clientProcess: true, see: ["*", "container.env"] })]).change(
    "container.preCreate",
    create({}),
    call,
  );
  assert.deepEqual(seen, [{ listener: "unix:///a", user: null }, undefined, { ...client, user: "root" }, ["SECRET=1"]]);
});

test("an input that a plug-in changes in place does not change the request, but fails the plug-in", async () => {
  const plugin = {
    name: "rude",
    hooks: { "container.preCreate": (input: { body: { User?: string } }) => Object.assign(input.body, { User: "root" }) },
  } as never;
  const input = create({});
  await assert.rejects(createDispatcher([member(plugin)]).change("container.preCreate", input, atCreate()), { code: "plugin-failed" });
  assert.deepEqual(input, create({}));
});

test("an input that comes back with other keys' order or a copy of itself is no change", async () => {
  const plugin = {
    name: "copier",
    hooks: {
      "container.preCreate": ({ name, platform, body }: ReturnType<typeof create>) => ({ body: structuredClone(body), platform, name }),
    },
  } as never;
  const input = create({ Cmd: ["a"], HostConfig: { Binds: [] } });
  const result = await createDispatcher([member(plugin)]).change("container.preCreate", input, atCreate());
  assert.equal(result.input, input);
});

test("filters: doors, images, labels, methods and routes decide who is called", async () => {
  const called: string[] = [];
  const plugin = (name: string, filter: object, hook = "container.preCreate"): Member =>
    member({ name, hooks: { [hook]: { filter, handler: () => void called.push(name) } } } as never);
  const dispatcher = createDispatcher([
    plugin("usual", {}),
    plugin("exec", { doors: ["exec"] }),
    plugin("image", { images: ["debian:*", "registry.example/a?p"] }),
    plugin("label", { labels: { team: "", tier: "web" } }),
    plugin("method", { methods: ["GET"] }, "api.request"),
    plugin("route", { routes: ["container.*"] }, "api.request"),
  ]);
  const after = async (work: Promise<unknown>): Promise<readonly string[]> => work.then(() => called.splice(0));
  assert.deepEqual(await after(dispatcher.change("container.preCreate", create({ Image: "debian:12" }), atCreate())), ["usual", "image"]);
  assert.deepEqual(await after(dispatcher.change("container.preCreate", create({ Image: "registry.example/app" }), atCreate())), [
    "usual",
    "image",
  ]);
  assert.deepEqual(
    await after(dispatcher.change("container.preCreate", create({ Image: "xdebian:12", Labels: { team: "a", tier: "web" } }), atCreate())),
    ["usual", "label"],
  );
  assert.deepEqual(await after(dispatcher.change("container.preCreate", create({}), atCreate({ door: "exec" }))), ["exec"]);
  const request = { method: "POST", path: "/containers/create", version: null, query: [], route: "container.create" };
  assert.deepEqual(await after(dispatcher.check("api.request", request, aCall())), ["route"]);
  assert.deepEqual(await after(dispatcher.check("api.request", { ...request, method: "GET", route: null }, aCall())), ["method"]);
  assert.ok(!dispatcher.wants("container.preCreate", { door: "commit" }));
});

test("helpers and OCI hooks are checked, and helpers need their privilege", async () => {
  const plugin = (result: unknown): EnginePlugin =>
    ({ name: "helper", hooks: { "daemon.preStart": () => result, "container.preStart": () => result } }) as never;
  const start = (result: unknown, privileges = {}): Promise<unknown> =>
    createDispatcher([member(plugin(result), privileges)]).collect("daemon.preStart", { upstream: "unix:///a" }, aCall());
  const helpers = { helpers: [{ name: "agent", command: ["/bin/agent", "-v"] }] };
  await assert.rejects(start(helpers), /it wants to start helpers and has no privilege for it/);
  assert.deepEqual(await start(helpers, { helpers: true }), [{ plugin: "helper", result: helpers }]);
  await assert.rejects(
    start({ helpers: [{ name: "agent", command: ["agent"] }] }, { helpers: true }),
    /its result is wrong at helpers\.0\.command\.0: it is no absolute path/,
  );
  const container = { id: "1", name: "a", image: "b", labels: {} };
  await assert.rejects(
    createDispatcher([member(plugin({ hooks: [{ priority: 0.5, path: "/a" }] }))]).collect("container.preStart", { container }, aCall()),
    /its result is wrong at hooks\.0\.priority/,
  );
});

test("a client that leaves ends the call, and nobody is blamed", async () => {
  const plugin = defineEnginePlugin({ name: "slow", hooks: { "container.preCreate": () => new Promise(() => {}) } });
  const slow = member(plugin);
  const client = new AbortController();
  const result = createDispatcher([slow]).change("container.preCreate", create({}), atCreate({ signal: client.signal }));
  setImmediate(() => client.abort());
  await assert.rejects(result, { code: "client-gone" });
  assert.equal(slow.breaker.failures(), 0);
});

test("traces say who changed what, hide variables and secrets, and stay within their bytes", async () => {
  const traces: TraceStore = createTraceStore({ bytes: 20_000 });
  const plugin = setter("setter", { User: "app", Labels: { "api-token": "s3cret" } });
  const dispatcher = createDispatcher([member(plugin, { see: ["*", "body.Env"] })], traces);
  for (let count = 0; count < 100; count++) {
    const id = `r${count}`;
    traces.begin({ id, method: "POST", target: "/containers/create?name=a&authToken=s3cret" });
    await dispatcher.change("container.preCreate", create({ Env: ["A=s3cret"], User: "root" }), atCreate({ requestId: id }));
    traces.end(id, 201);
  }
  assert.equal(traces.get("r0"), undefined);
  const trace = traces.get("r99");
  assert.deepEqual(
    trace?.calls.map(({ plugin: name, decision, changes }) => ({ name, decision, changes })),
    [
      {
        name: "setter",
        decision: "changed",
        changes: [
          { op: "replace", path: "/body/User", before: "root", value: "app" },
          { op: "add", path: "/body/Labels", value: { "api-token": "(hidden)" } },
        ],
      },
    ],
  );
  assert.deepEqual([trace?.status, trace?.method, trace?.target], [201, "POST", "/containers/create?name=a&authToken=(hidden)"]);
  assert.doesNotMatch(JSON.stringify(traces.list()), /s3cret/);
  assert.ok(JSON.stringify(traces.list()).length < 25_000);
});
