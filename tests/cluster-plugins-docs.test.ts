import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { readPluginDocuments } from "@outrigger/cluster";
import { clusterPrivileges, formatProblem } from "@outrigger/plugin";
import { blocksOf } from "./support/page.ts";
import { execute, root } from "./support/sandbox.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const page = "docs/cluster-plugins.md";

/** The TypeScript block that holds a text. */
function codeWith(text: string): string {
  const found = blocksOf(page, "ts").find((block) => block.includes(text));
  assert.ok(found, `${page} has no block with ${text}`);
  return found;
}

function withListNodes(context: TestContext): string {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "list_nodes.ts"), codeWith('pluginType = "LIST_NODE"'));
  return folder;
}

test("every document of docs/cluster-plugins.md is read without a mistake", () => {
  const blocks = blocksOf(page, "yaml");
  assert.equal(blocks.length, 3);
  for (const block of blocks) {
    const reading = readPluginDocuments(block, join(root, page), { from: "clusterfile", file: join(root, page) });
    assert.ok(reading.ok, reading.ok ? "" : reading.problems.map(formatProblem).join("\n"));
    assert.deepEqual(reading.value.warnings, []);
  }
});

test("the conversation of docs/cluster-plugins.md is what the runner's program says, word for word", async (context) => {
  const folder = withListNodes(context);
  const child = spawn(
    process.execPath,
    ["--no-warnings", join(root, "packages/sdk/src/run-cluster-plugin.ts"), join(folder, "list_nodes.ts")],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  context.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const [conversation = ""] = blocksOf(page, "jsonl");
  const said = conversation.trimEnd().split("\n");
  assert.equal(said.length, 7);
  for (const line of said) {
    if (line.startsWith("> ")) child.stdin.write(`${line.slice(2)}\n`);
    else assert.equal((await lines.next()).value, line.slice(2));
  }
  const ended = once(child, "exit");
  child.stdin.end();
  assert.deepEqual(await ended, [0, null]);
});

test("the test of docs/cluster-plugins.md passes, and the module with validate and undo can be loaded", async (context) => {
  const folder = withListNodes(context);
  mkdirSync(join(folder, "node_modules", "@outrigger"), { recursive: true });
  symlinkSync(join(root, "packages", "sdk"), join(folder, "node_modules", "@outrigger", "sdk"));
  writeFileSync(join(folder, "list_nodes.test.ts"), codeWith("runClusterPlugin(plugin"));
  writeFileSync(join(folder, "disk.ts"), `import { defineClusterPlugin } from "@outrigger/sdk";\n${codeWith("validate:")}`);
  writeFileSync(
    join(folder, "disk.test.ts"),
    'import plugin from "./disk.ts";\nif (plugin.undo === undefined || plugin.validate?.(1)[0] === undefined) process.exit(1);\n',
  );
  const { code, stdout, stderr } = await execute("env", ["-u", "NODE_TEST_CONTEXT", process.execPath, "--test"], folder);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /fail 0/);
});

test("docs/cluster-plugins.md names every privilege", async () => {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(join(root, page), "utf8");
  for (const privilege of clusterPrivileges) assert.ok(text.includes(`\`${privilege}\``), privilege);
});
