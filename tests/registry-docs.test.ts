import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { shellBlocks } from "./support/page.ts";
import { startRegistry } from "./support/registry.ts";
import { execute, root } from "./support/sandbox.ts";

test("every command of docs/registry.md works, in its order", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-registry-docs-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const { host } = await startRegistry(context);
  cpSync(join(root, "plugins/log-collector"), join(folder, "plugins/log-collector"), { recursive: true });
  symlinkSync(join(root, "outrigger"), join(folder, "outrigger"));
  const blocks = shellBlocks("docs/registry.md");
  assert.ok(blocks.length >= 4, "the page has lost its commands");
  const script = blocks.join("\n").replaceAll("127.0.0.1:5000", host);
  const environment = {
    PATH: `${folder}:${process.env["PATH"]}`,
    OUTRIGGER_PACKAGES: join(folder, "packages"),
    DOCKER_CONFIG: folder,
    NO_COLOR: "1",
  };
  const { code, stdout, stderr } = await execute("bash", ["-ec", script], folder, environment);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /log-collector:1\.0\.0 +pod +/);
  assert.match(stdout, /SIGNED BY/);
  assert.match(stderr, /nothing|everything was there already/);
});
