import assert from "node:assert/strict";
import { test } from "node:test";
import { enginePrivilegesOf, isEnginePlugin, readPluginManifest } from "@outrigger/plugin";

function read(engine: string, config = "[]"): ReturnType<typeof readPluginManifest> {
  const text = `apiVersion: outrigger.dev/v1\nkind: Plugin\nmetadata: { name: a, version: 1.0.0 }\nspec:\n  layer: engine\n  engine: ${engine}\n  config: ${config}\n`;
  return readPluginManifest(text, "plugin.yaml");
}

function problemsOf(engine: string, config?: string): readonly string[] {
  const reading = read(engine, config);
  return reading.ok ? [] : reading.problems.map(({ path, code }) => `${path} ${code}`);
}

test("an engine plug-in has its defaults filled in, and asks for what it names and no more", () => {
  const reading = read("{ entry: a.ts, hooks: [volume.preCreate, { hook: container.preCreate/validate, timeoutSeconds: 0.5 }] }");
  assert.ok(reading.ok && isEnginePlugin(reading.value.value));
  const { engine } = reading.value.value.spec;
  assert.deepEqual(
    [engine.isolation, engine.memory, engine.priority, engine.hooks[0]],
    ["process", "256Mi", 0, { hook: "volume.preCreate" }],
  );
  assert.deepEqual(enginePrivilegesOf(engine), ["hook:container.preCreate", "hook:volume.preCreate"]);
  const privileges = { see: ["body.Env"], change: ["name"], clientProcess: true, helpers: true, runAsRoot: true };
  assert.deepEqual(enginePrivilegesOf({ ...engine, isolation: "inline", privileges }), [
    "change:name",
    "client-process",
    "helpers",
    "hook:container.preCreate",
    "hook:volume.preCreate",
    "isolation:inline",
    "run-as-root",
    "see:body.Env",
  ]);
});

test("mistakes of an engine plug-in are named with their field", () => {
  assert.deepEqual(problemsOf("{ hooks: [volume.preCreate] }"), ["spec.engine.entry missing-key"]);
  assert.deepEqual(problemsOf("{ entry: a.ts, command: [a], hooks: [volume.preCreate] }"), ["spec.engine.command conflict"]);
  assert.deepEqual(problemsOf("{ entry: ../a.ts, hooks: [volume.preCreate] }"), ["spec.engine.entry wrong-value"]);
  assert.deepEqual(problemsOf("{ command: [a], isolation: worker, hooks: [volume.preCreate] }"), ["spec.engine.isolation wrong-value"]);
  assert.deepEqual(problemsOf("{ entry: a.ts, hooks: [volume.preCreate, { hook: volume.preCreate }] }"), [
    "spec.engine.hooks[1] duplicate-name",
  ]);
  assert.equal(problemsOf("{ entry: a.ts, hooks: [container.preCreat] }").length, 1);
  assert.deepEqual(problemsOf("{ entry: a.ts, hooks: [volume.preCreate], before: [a] }"), ["spec.engine.before[0] cycle"]);
  assert.deepEqual(problemsOf("{ entry: a.ts, hooks: [volume.preCreate], strange: 1 }"), ["spec.engine.strange unknown-key"]);
  const config = "[{ group: g, dependsOn: port, inject: discovery, items: [{ name: A }] }]";
  assert.deepEqual(problemsOf("{ entry: a.ts, hooks: [volume.preCreate] }", config), ["spec.config[0].dependsOn wrong-value"]);
});
