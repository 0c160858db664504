import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readPluginManifest } from "@outrigger/plugin";
import { execute, root } from "../../../tests/support/sandbox.ts";
import { clusterTemplate } from "../src/cluster/cluster-template.ts";

test("a new cluster plug-in can be linted, and its test passes as it is, with the SDK beside it", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-template-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const { code: made, stderr: why } = await execute(
    join(root, "outrigger"),
    ["plugin", "init", "kernel-label", "--layer", "cluster", "--dir", "."],
    folder,
  );
  assert.equal(made, 0, why);
  const { code: linted, stdout: findings } = await execute(join(root, "outrigger"), ["cluster", "lint", "."], folder);
  assert.equal(linted, 0, findings);
  const sdk = join(folder, "node_modules", "@outrigger", "sdk");
  mkdirSync(dirname(sdk), { recursive: true });
  symlinkSync(join(root, "packages", "sdk"), sdk);
  const { code, stdout, stderr } = await execute(
    "env",
    ["-u", "NODE_TEST_CONTEXT", process.execPath, "--test", "kernel-label.test.ts"],
    folder,
  );
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /pass 2/);
});

test("a new cluster plug-in's type is a name of its own", () => {
  for (const [name, type] of [
    ["kernel-label", "KERNEL_LABEL"],
    ["shell", "PLUGIN_SHELL"],
    ["3d", "PLUGIN_3D"],
  ] as const) {
    const files = clusterTemplate(name);
    const reading = readPluginManifest(files["plugin.yaml"] ?? "", "plugin.yaml");
    assert.ok(reading.ok && reading.value.value.spec.layer === "cluster");
    assert.equal(reading.value.value.spec.cluster.type, type);
    assert.match(files["plugin.ts"] ?? "", new RegExp(`pluginType = "${type}"`));
  }
});
