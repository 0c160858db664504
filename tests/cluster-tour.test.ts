import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runBlock, shellBlockUnder } from "./support/page.ts";

test("the README's minute with a cluster runs as it stands", { timeout: 180_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-minute-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const script = shellBlockUnder("README.md", "One minute with a cluster").replaceAll("/tmp/outrigger", folder);
  const { code, text } = await runBlock(context, `${script}\nwait`);
  assert.equal(code, 0, text);
  for (const done of ["create", "join", "upgrade", "rollback", "delete"]) assert.match(text, new RegExp(`${done} is done`), text);
  assert.match(text, /list_nodes.so \| host-3/, text);
});
