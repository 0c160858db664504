import assert from "node:assert/strict";
import { test } from "node:test";
import { callPlugin, defineEnginePlugin, type RecordedCall, refuse } from "../src/index.ts";

const facts = { requestId: "r1", client: null, apiVersion: "1.41" };
const create = (body: object): RecordedCall => ({ hook: "container.preCreate", facts, input: { name: "web", platform: null, body } });

const plugin = defineEnginePlugin({
  name: "example",
  hooks: {
    "container.preCreate": {
      handler(input, { settings, warn }) {
        if (input.body.Image === undefined) return undefined;
        warn("labelled");
        return { ...input, body: { ...input.body, Labels: { team: String(settings["group"]?.["TEAM"]) } } };
      },
      validate({ body }) {
        if (body.HostConfig?.Privileged === true) throw refuse({ code: "privileged", message: "Not here." });
        return undefined;
      },
    },
    "container.preStart": () => ({ hooks: [{ priority: 1, path: "/bin/true" }] }),
  },
});

test("a handler's result, its silence, its refusal and its warnings become the protocol's answers", async () => {
  assert.deepEqual(await callPlugin(plugin, { ...create({ Image: "a" }), settings: { group: { TEAM: "blue" } } }), {
    input: { name: "web", platform: null, body: { Image: "a", Labels: { team: "blue" } } },
    warnings: ["labelled"],
  });
  assert.deepEqual(await callPlugin(plugin, create({})), {});
  const privileged = { ...create({ HostConfig: { Privileged: true } }), hook: "container.preCreate/validate" } as const;
  assert.deepEqual(await callPlugin(plugin, privileged), { refuse: { code: "privileged", message: "Not here." } });
  assert.deepEqual(await callPlugin(plugin, { hook: "container.preStart", facts, input: {} }), {
    result: { hooks: [{ priority: 1, path: "/bin/true" }] },
  });
});

test("what no handler may answer is an error of the plug-in, as is a hook that it does not handle", async () => {
  const wrong = { name: "wrong", hooks: { "container.preCreate": () => "yes", "api.request": () => ({}) } } as never;
  await assert.rejects(callPlugin(wrong, create({})), { code: "handler-answer-invalid" });
  await assert.rejects(callPlugin(wrong, { hook: "api.request", facts, input: {} }), { code: "handler-answer-invalid" });
  await assert.rejects(callPlugin(wrong, { hook: "volume.preCreate", facts, input: {} }), { code: "hook-unhandled" });
});

test("an input given back as it came is no change", async () => {
  const same = { name: "same", hooks: { "container.preCreate": (input: unknown) => input } } as never;
  assert.deepEqual(await callPlugin(same, create({})), {});
});
