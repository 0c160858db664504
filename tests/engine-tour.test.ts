import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { root } from "./support/sandbox.ts";

/** The shell block of a page under a heading, as it stands. */
function blockOf(page: string, heading: string): string {
  const section = readFileSync(join(root, page), "utf8").split(`## ${heading}\n`)[1] ?? "";
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1];
  assert.ok(block, `${page} has a block under ${heading}`);
  return block;
}

async function bash(context: TestContext, script: string): Promise<{ readonly code: number; readonly text: string }> {
  const { DOCKER_HOST: _, ...environment } = process.env;
  const child = spawn("bash", ["-e", "-m", "-c", script], {
    cwd: root,
    env: environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  context.after(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => parts.push(part));
  const [code] = (await once(child, "close")) as [number];
  return { code, text: parts.join("") };
}

test("the README's minute before an engine runs as it stands", { timeout: 120_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-minute-"));
  chmodSync(folder, 0o755);
  context.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const name = `limited-${process.pid}`;
  const script = blockOf("README.md", "One minute before an engine").replaceAll("/tmp/outrigger", folder).replaceAll("limited", name);
  const { code, text } = await bash(context, `${script}\nwait`);
  assert.equal(code, 0, text);
  assert.match(text, /policy: .*of the host.*\(binds\)/, text);
  assert.match(text, /67108864 \{.*"outrigger\.created\.user"/, text);
  assert.match(text, /containers\/create\?name=\S+ .*env-to-limits changed, labeler changed/, text);
  assert.match(text, /env-to-limits ends/, text);
});
