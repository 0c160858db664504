import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { type AskSecret, parseSecretOption, resolveSecret, type SecretSource } from "@outrigger/cluster";
import { isOutriggerError } from "@outrigger/plugin";

const nobody: AskSecret = async () => undefined;

async function resolved(source: SecretSource, ask: AskSecret = nobody): Promise<string> {
  return (await resolveSecret(source, "The password of root", ask)).text();
}

function fails(source: SecretSource, message: RegExp, ask: AskSecret = nobody): Promise<void> {
  return assert.rejects(
    resolveSecret(source, "The password of root", ask),
    (error) => isOutriggerError(error) && message.test(error.message),
  );
}

function file(context: TestContext, text: string, mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-secret-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "password"), text);
  chmodSync(join(folder, "password"), mode);
  return join(folder, "password");
}

test("secrets: from a file, a variable, a person or the Clusterfile itself", async (context) => {
  assert.equal(await resolved({ from: "file", path: file(context, "two words\n", 0o600) }), "two words");
  assert.equal(await resolved({ from: "file", path: file(context, "kept\n\n", 0o640) }), "kept\n");
  process.env["OUTRIGGER_TEST_SECRET"] = "from a variable";
  context.after(() => void delete process.env["OUTRIGGER_TEST_SECRET"]);
  assert.equal(await resolved({ from: "variable", name: "OUTRIGGER_TEST_SECRET" }), "from a variable");
  const asked: string[] = [];
  assert.equal(await resolved({ from: "prompt" }, async (question) => `answer to ${asked.push(question)}`), "answer to 1");
  assert.deepEqual(asked, ["The password of root"]);
  assert.equal(await resolved({ from: "text", text: "in clear" }), "in clear");
});

test("secrets: what can't be had, or others can read, is refused with the reason", async (context) => {
  const open = file(context, "x", 0o604);
  await fails({ from: "file", path: open }, /^The password of root can't be had: every user can use the file .*; run `chmod 600 .*\.$/);
  await fails({ from: "file", path: `${open}.none` }, /can't be read \(ENOENT/);
  await fails({ from: "file", path: file(context, "\n", 0o600) }, /it is empty/);
  await fails({ from: "file", path: file(context, "x".repeat(100_000), 0o600) }, /more than any secret/);
  await fails({ from: "variable", name: "OUTRIGGER_NO_SUCH" }, /the variable OUTRIGGER_NO_SUCH is not set/);
  await fails({ from: "prompt" }, /no terminal to ask on/);
});

test("secrets: one that was had is not printed by accident", async () => {
  const secret = await resolveSecret({ from: "text", text: "hunter2" }, "x", nobody);
  for (const shown of [String(secret), JSON.stringify({ secret }), inspect(secret, { depth: 9, showHidden: true }), `${secret}`]) {
    assert.doesNotMatch(shown, /hunter2/);
  }
});

test("secrets: -p takes a file's path or a variable's name, and never the secret itself", () => {
  assert.deepEqual(parseSecretOption("-p", undefined), { from: "prompt" });
  assert.deepEqual(parseSecretOption("-p", "file:/run/p"), { from: "file", path: "/run/p" });
  assert.deepEqual(parseSecretOption("-p", "env:P"), { from: "variable", name: "P" });
  for (const literal of ["hunter2", "file:", "env:", "File:/x"]) {
    assert.throws(
      () => parseSecretOption("-p", literal),
      (error) => isOutriggerError(error) && error.code === "secret-in-argument" && !error.message.includes("hunter2"),
    );
  }
});
