import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { execute, root } from "../../../tests/support/sandbox.ts";
import { engineTemplate } from "../src/engine/engine-template.ts";

test("a new engine plug-in's test passes as it is, with the SDK beside it", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-template-"));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(engineTemplate("team-labels"))) writeFileSync(join(folder, name), text);
  const sdk = join(folder, "node_modules", "@outrigger", "sdk");
  mkdirSync(dirname(sdk), { recursive: true });
  symlinkSync(join(root, "packages", "sdk"), sdk);
  const { code, stdout, stderr } = await execute(
    "env",
    ["-u", "NODE_TEST_CONTEXT", process.execPath, "--test", "team-labels.test.ts"],
    folder,
  );
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /pass 1/);
});
