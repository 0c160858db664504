import assert from "node:assert/strict";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { shellBlocks } from "./support/page.ts";
import { startRegistry } from "./support/registry.ts";
import { execute, root } from "./support/sandbox.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

test("every command of docs/cluster-images.md works, in its order", async (context) => {
  const folder = temporaryFolder(context);
  const { host } = await startRegistry(context);
  cpSync(join(root, "examples/tiny-cluster"), join(folder, "examples/tiny-cluster"), { recursive: true });
  symlinkSync(join(root, "outrigger"), join(folder, "outrigger"));
  const blocks = shellBlocks("docs/cluster-images.md");
  assert.ok(blocks.length >= 1, "the page has lost its commands");
  const script = blocks.join("\n").replaceAll("127.0.0.1:5000", host);
  const environment = { PATH: `${folder}:${process.env["PATH"]}`, OUTRIGGER_PACKAGES: join(folder, "packages"), DOCKER_CONFIG: folder };
  const { code, stdout, stderr } = await execute("bash", ["-ec", script], folder, { ...environment, NO_COLOR: "1" });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /motd +SHELL/);
});

test("docs/cluster-images.md names every instruction of a Kubefile and every script", async () => {
  const page = readFileSync(join(root, "docs/cluster-images.md"), "utf8");
  const [{ keywords }, { scriptNames }] = await Promise.all([
    import("../packages/cluster/src/image/kubefile/keywords.ts"),
    import("../packages/cluster/src/image/lint/layout-rules.ts"),
  ]);
  for (const keyword of keywords) assert.match(page, new RegExp(`\`${keyword}\\b|, \`${keyword}\\b`), keyword);
  for (const name of scriptNames) assert.ok(page.includes(`\`${name}.sh\``), name);
});
