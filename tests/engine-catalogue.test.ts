import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type EnginePluginManifest, hookOf, isEnginePlugin, readPluginManifest } from "@outrigger/plugin";
import { describePlugin, hookNames, loadPlugin } from "@outrigger/sdk";
import { root } from "./support/sandbox.ts";

interface Found {
  readonly folder: string;
  readonly manifest: EnginePluginManifest;
}

/** Every plug-in of the layer engine below a folder. */
function enginePlugins(parent: string): readonly Found[] {
  return readdirSync(join(root, parent), { withFileTypes: true }).flatMap((entry) => {
    const folder = join(root, parent, entry.name);
    const file = join(folder, "plugin.yaml");
    if (!entry.isDirectory() || !existsSync(file)) return [];
    const reading = readPluginManifest(readFileSync(file, "utf8"), file);
    if (!reading.ok) assert.fail(JSON.stringify(reading.problems));
    return isEnginePlugin(reading.value.value) ? [{ folder, manifest: reading.value.value }] : [];
  });
}

const catalogue = enginePlugins("plugins");
const all = [...catalogue, ...enginePlugins("examples/engine-hooks")];

test("an engine plug-in asks for exactly the hooks that its module handles, with the same filters, under its folder's name", async () => {
  assert.equal(catalogue.length, 6);
  for (const { folder, manifest } of all) {
    const { name, hooks = [] } = describePlugin(await loadPlugin(join(folder, manifest.spec.engine.entry ?? "")));
    assert.equal(name, manifest.metadata.name);
    assert.ok(folder.endsWith(`/${name}`), folder);
    const byHook = (list: readonly { readonly hook: string; readonly filter?: unknown }[]): unknown =>
      Object.fromEntries(list.map(({ hook, filter }) => [hook, filter ?? {}]).toSorted());
    assert.deepEqual(byHook(manifest.spec.engine.hooks), byHook(hooks), name);
  }
});

test("every hook point is shown by a plug-in that does something", () => {
  const shown = new Set(
    all
      .filter(({ manifest }) => manifest.metadata.name !== "pass-through")
      .flatMap(({ manifest }) => manifest.spec.engine.hooks.map(({ hook }) => hookOf(hook))),
  );
  assert.deepEqual([...shown].toSorted(), [...hookNames].toSorted());
});

test("a plug-in of the catalogue has a README that names every setting, and a test", () => {
  for (const { folder, manifest } of catalogue) {
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    for (const { items } of manifest.spec.config)
      for (const { name } of items) assert.match(readme, new RegExp(`\\b${name}\\b`), `${folder}: ${name}`);
    assert.ok(
      readdirSync(join(folder, "test")).some((file) => file.endsWith(".test.ts")),
      folder,
    );
  }
});
