import assert from "node:assert/strict";
import { test } from "node:test";
import { engineForDrivers, readmeScript, shell, startDriver } from "../../../tests/support/driver-plugin.ts";

test("the README's snapshot comes back through stock docker", { timeout: 120_000 }, async (context) => {
  const engine = await engineForDrivers(context);
  await startDriver(context, "dir-volume", { engine, env: (folder) => ({ ROOT: folder }) });
  const { code, stdout, stderr } = await shell(readmeScript("dir-volume", "A snapshot, and back to it"), { DOCKER_HOST: engine.host });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^first$/m);
  const status = JSON.parse(/^\{.*\}$/m.exec(stdout)?.[0] ?? "{}") as Readonly<Record<string, unknown>>;
  assert.deepEqual([status["kind"], status["size"], status["snapshots"]], ["image", 64 * 1024 ** 2, ["data-monday"]]);
});
