import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { engineGateway } from "./support/engine-gateway.ts";
import { ownEngine } from "./support/own-engine.ts";
import { type Result, root } from "./support/sandbox.ts";
import { tinyImage } from "./support/tiny-image.ts";

test("plug-ins are installed, changed and removed while containers run through the gateway: none of them fails", {
  timeout: 180_000,
}, async (context) => {
  const engine = await ownEngine(context, "100m");
  tinyImage(engine.host, "tiny");
  const gateway = await engineGateway(context, engine.host, { listener: ",user=alice" });
  const folder = mkdtempSync(join(tmpdir(), "outrigger-verbs-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const newer = join(folder, "labeler");
  cpSync(join(root, "plugins", "labeler"), newer, { recursive: true });
  chmodSync(folder, 0o755);
  const manifest = readFileSync(join(newer, "plugin.yaml"), "utf8");
  writeFileSync(
    join(newer, "plugin.yaml"),
    manifest.replace("version: 1.0.0", "version: 2.0.0").replace("default: unknown", "default: nobody"),
  );
  let going = true;
  const failed: Result[] = [];
  let count = 0;
  const lane = async (): Promise<void> => {
    while (going) {
      const result = await gateway.docker("run", "--rm", "--network", "none", "tiny", "echo", "hello");
      count += 1;
      if (result.code !== 0 || result.stdout !== "hello\n") failed.push(result);
    }
  };
  const lanes = [lane()];
  const verb = async (...words: string[]): Promise<void> => {
    const { code, stderr } = await gateway.engine("plugins", ...words);
    assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
  };
  /** Labels of a container that is made now. */
  const labels = async (): Promise<Readonly<Record<string, string>>> => {
    const id = (await gateway.docker("create", "--network", "none", "tiny", "true")).stdout.trim();
    const { stdout } = await gateway.docker("inspect", "-f", "{{json .Config.Labels}}", id);
    await gateway.docker("rm", id);
    return JSON.parse(stdout) as Readonly<Record<string, string>>;
  };
  const versions = async (): Promise<string> => (await gateway.engine("plugins", "list")).stdout;
  try {
    assert.deepEqual(await labels(), {});
    await verb("install", "plugins/labeler", "--grant", "all", "--set", "labels.set=user");
    assert.deepEqual(await labels(), { "outrigger.created.user": "alice" });
    await verb("disable", "labeler");
    assert.deepEqual(await labels(), {});
    await verb("enable", "labeler");
    await verb("configure", "labeler", "--set", "labels.prefix=who.");
    assert.deepEqual(await labels(), { "who.user": "alice" });
    await verb("upgrade", newer);
    assert.match(await versions(), /labeler.*2\.0\.0/);
    assert.deepEqual(await labels(), { "who.user": "alice" });
    await verb("rollback", "labeler");
    assert.match(await versions(), /labeler.*1\.0\.0/);
    await verb("install", "plugins/env-to-limits", "--grant", "all");
    await verb("order", "labeler", "--after", "env-to-limits");
    assert.deepEqual(await labels(), { "who.user": "alice" });
    await verb("uninstall", "labeler");
    assert.deepEqual(await labels(), {});
  } finally {
    going = false;
    await Promise.all(lanes);
  }
  context.diagnostic(`${count} containers ran meanwhile`);
  assert.deepEqual(failed, []);
  assert.ok(count > 10);
});
