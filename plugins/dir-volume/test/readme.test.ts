import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { readmeScript, shell, startDriver } from "../../../tests/support/driver-plugin.ts";

test("the README's snapshot comes back through stock docker", { timeout: 120_000 }, async (context) => {
  const driver = await startDriver(context, "dir-volume", { published: true, env: (folder) => ({ ROOT: folder }) });
  const data = `data-${randomBytes(4).toString("hex")}`;
  const names = { data, "data-monday": `${data}-monday`, "data-restored": `${data}-restored`, "dir-volume": driver.name };
  context.after(() => shell(`docker volume rm --force ${data} ${data}-monday ${data}-restored`));
  const { code, stdout, stderr } = await shell(readmeScript("dir-volume", "A snapshot, and back to it", names));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^first$/m);
  const status = JSON.parse(/^\{.*\}$/m.exec(stdout)?.[0] ?? "{}") as Readonly<Record<string, unknown>>;
  assert.deepEqual([status["kind"], status["size"], status["snapshots"]], ["image", 64 * 1024 ** 2, [`${data}-monday`]]);
});
