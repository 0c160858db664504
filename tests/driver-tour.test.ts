import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unmountBelow } from "./support/mounts.ts";
import { runBlock, shellBlockUnder } from "./support/page.ts";

test("the README's minute with a driver runs as it stands", { timeout: 180_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-minute-"));
  chmodSync(folder, 0o755);
  context.after(() => {
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  const own = `minute-${process.pid}`;
  const script = shellBlockUnder("README.md", "One minute with a driver")
    .replaceAll("/tmp/outrigger", folder)
    .replaceAll(/\bdir-volume\b(?! -t)/g, own)
    .replaceAll(/(?<![/\w-])(data|monday)(?=[\s:])/g, `${own}-$1`);
  const { code, text } = await runBlock(context, `${script}\nwait`);
  assert.equal(code, 0, text);
  assert.match(text, /\/dev\/loop\d+ +\S+M .*\/data/, text);
  assert.match(text, new RegExp(`${own}.*healthy`), text);
  assert.match(text, / 0 failed/, text);
});
