import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runBlock, shellBlockUnder } from "./support/page.ts";

test("the README's minute before an engine runs as it stands", { timeout: 120_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-minute-"));
  chmodSync(folder, 0o755);
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const name = `limited-${process.pid}`;
  const script = shellBlockUnder("README.md", "One minute before an engine")
    .replaceAll("/tmp/outrigger", folder)
    .replaceAll("limited", name);
  const { code, text } = await runBlock(context, `${script}\nwait`);
  assert.equal(code, 0, text);
  assert.match(text, /policy: .*of the host.*\(binds\)/, text);
  assert.match(text, /67108864 \{.*"outrigger\.created\.user"/, text);
  assert.match(text, /containers\/create\?name=\S+ .*env-to-limits changed, labeler changed/, text);
  assert.match(text, /env-to-limits ends/, text);
});
