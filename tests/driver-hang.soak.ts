import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../packages/driver/test/support/call.ts";
import { volumeDriver } from "../packages/driver/test/support/host.ts";
import { storePackage } from "../packages/driver/test/support/store.ts";
import { makeStand } from "./support/driver-stand.ts";

const clients = 10;
/** What an engine waits for an answer of a volume driver other than to create or mount. */
const limit = 60_000;

test("a driver that hangs while ten clients ask it holds an engine no longer than the protocol's limit, is started anew, and keeps its volumes", async (context) => {
  const stand = await makeStand(context);
  const { folder, word, outrigger, docker, ask } = stand;
  await stand.start();
  const name = `tools/${word}:1`;
  await storePackage(folder, name, volumeDriver());
  assert.equal((await outrigger(["install", name, "--grant-all-permissions"])).code, 0);
  const volumes = Array.from({ length: clients }, (_, index) => `${word}-${index}`);
  for (const volume of volumes) await docker("volume", "create", "-d", word, volume);
  const data = join(await docker("volume", "inspect", "-f", "{{ .Mountpoint }}", `${word}-0`), "..", "..");
  writeFileSync(join(data, "mode"), "hang");
  const times = await Promise.all(
    volumes.map(async (volume) => {
      const begun = Date.now();
      await ask("volume", "inspect", volume);
      return Date.now() - begun;
    }),
  );
  context.diagnostic(`${Math.max(...times)} ms at the longest`);
  for (const time of times) assert.ok(time < limit + 15_000, `${time} ms`);
  writeFileSync(join(data, "mode"), "");
  await until(
    () => outrigger(["ls"]),
    ({ stdout }) => / healthy /.test(stdout),
    60_000,
  );
  for (const volume of volumes) await docker("volume", "rm", volume);
});
