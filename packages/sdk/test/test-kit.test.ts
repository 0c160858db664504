import assert from "node:assert/strict";
import { test } from "node:test";
import { type EnginePluginManifest, readPluginManifest } from "@outrigger/plugin";
import { type ChangeInputs, defineEnginePlugin, type EnginePlugin, refuse } from "@outrigger/sdk";
import { testPlugin } from "@outrigger/sdk/test-kit";

type Body = ChangeInputs["container.preCreate"]["body"];

function manifest(engine: string, config = "[]"): EnginePluginManifest {
  const text = `{apiVersion: outrigger.dev/v1, kind: Plugin, metadata: {name: t, version: 1.0.0}, spec: {layer: engine, engine: ${engine}, config: ${config}}}`;
  const reading = readPluginManifest(text, "plugin.yaml");
  if (!reading.ok) assert.fail(JSON.stringify(reading.problems));
  return reading.value.value as EnginePluginManifest;
}

function changing(change: (body: Body) => Body): EnginePlugin {
  return defineEnginePlugin({ name: "t", hooks: { "container.preCreate": (input) => ({ ...input, body: change(input.body) }) } });
}

const input = { name: null, platform: null, body: { Image: "a", Env: ["SECRET=1"], HostConfig: { Memory: 1 } } };

test("a change that the manifest asks for is made, and what the plug-in does not see stays", async () => {
  const asked = manifest(
    "{entry: x, hooks: [container.preCreate], privileges: {see: [body.HostConfig], change: [body.HostConfig.Memory]}}",
  );
  const plugin = changing((body) => {
    assert.deepEqual(body, { HostConfig: { Memory: 1 } });
    return { ...body, HostConfig: { ...body.HostConfig, Memory: 2 } };
  });
  const answer = await (await testPlugin({ plugin, manifest: asked })).change("container.preCreate", input);
  assert.deepEqual(answer.input.body, { Image: "a", Env: ["SECRET=1"], HostConfig: { Memory: 2 } });
  assert.deepEqual(answer.changed, ["body.HostConfig.Memory"]);
});

test("a change that it has not asked for, or of what it can't see, fails the test", async () => {
  const asked = manifest("{entry: x, hooks: [container.preCreate], privileges: {change: [body.HostConfig.Memory, body.Env]}}");
  const memory = await testPlugin({ plugin: changing((body) => ({ ...body, HostConfig: { Privileged: true } })), manifest: asked });
  await assert.rejects(memory.change("container.preCreate", input), {
    code: "change-not-allowed",
    message: /body\.HostConfig\.Privileged/,
  });
  const env = await testPlugin({ plugin: changing((body) => ({ ...body, Env: [] })), manifest: asked });
  await assert.rejects(env.change("container.preCreate", input), { code: "change-unseen" });
});

test("a plug-in that writes into its input fails the test", async () => {
  const asked = manifest("{entry: x, hooks: [container.preCreate], privileges: {change: [body.Labels]}}");
  const plugin = changing((body) => Object.assign(body, { Labels: {} }));
  await assert.rejects((await testPlugin({ plugin, manifest: asked })).change("container.preCreate", input), TypeError);
});

test("a hook that the manifest does not ask for, filters, refusals, validation after the change, and facts without privileges", async () => {
  const plugin = defineEnginePlugin({
    name: "t",
    hooks: {
      "container.preCreate": {
        filter: { images: ["a"] },
        handler: (given, { client, warn }) => {
          assert.equal(client?.process, undefined);
          warn("seen");
          return { ...given, body: { ...given.body, Labels: { x: "y" } } };
        },
        validate: ({ body }) => {
          if (body.Labels?.["x"] === "y") throw refuse({ code: "x", message: "no" });
        },
      },
      "image.prePull": (given) => given,
    },
  });
  const asked = manifest("{entry: x, hooks: [container.preCreate, container.preCreate/validate], privileges: {change: [body.Labels]}}");
  const kit = await testPlugin({ plugin, manifest: asked });
  const answer = await kit.change("container.preCreate", input);
  assert.deepEqual([answer.refused, answer.warnings, answer.changed], [{ code: "x", message: "no" }, ["seen"], ["body.Labels"]]);
  assert.equal((await kit.change("container.preCreate", { ...input, body: { Image: "b" } })).called, false);
  await assert.rejects(kit.change("image.prePull", { reference: "a", platform: null }), { code: "hook-not-asked" });
});

test("settings are checked and filled in", async () => {
  const seen: unknown[] = [];
  const plugin = defineEnginePlugin({ name: "t", setUp: ({ settings }) => void seen.push(settings), hooks: {} });
  const asked = manifest("{entry: x, hooks: [api.request]}", "[{group: g, items: [{name: a, default: b}, {name: n, type: integer}]}]");
  await testPlugin({ plugin, manifest: asked, settings: { g: { n: 3 } } });
  assert.deepEqual(seen, [{ g: { a: "b", n: 3 } }]);
  await assert.rejects(testPlugin({ plugin, manifest: asked, settings: { g: { n: "x" } } }), { code: "kit-settings-invalid" });
});
