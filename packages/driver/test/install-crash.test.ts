import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDriverHost } from "@outrigger/driver";
import { hostParts, volumeDriver } from "./support/host.ts";
import { storePackage } from "./support/store.ts";

test("a host that is killed during an install has installed it whole or not at all, and the next one finds nothing half made", async (context) => {
  const { parts, folder } = hostParts(context);
  const big = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`tmp/file-${index}`, "x".repeat(20_000 + index)]));
  const stored = await storePackage(folder, "tools/vol:1", { ...volumeDriver(), files: big });
  let whole = 0;
  // From "nothing has begun" to "it is done"; where in between exactly depends on the machine, which is the point.
  for (let round = 0; round < 8; round += 1) {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "support", "install-child.ts"), parts.root.path, JSON.stringify(stored)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const ended = once(child, "exit");
    await Promise.race([once(child.stdout, "data"), ended]);
    await sleep(round * 25);
    child.kill("SIGKILL");
    await ended;
    const host = await openDriverHost(parts);
    const installed = host.list();
    assert.deepEqual(readdirSync(parts.root.incoming), []);
    assert.deepEqual(
      readdirSync(parts.root.drivers),
      installed.map(({ Id }) => Id),
    );
    for (const { Id, Name } of installed) {
      whole += 1;
      const [version = ""] = readdirSync(join(parts.root.drivers, Id, "versions"));
      assert.equal(readdirSync(join(parts.root.drivers, Id, "versions", version, "rootfs", "tmp")).length, 200);
      await host.remove(Name, false);
    }
    await host.close();
  }
  const host = await openDriverHost(parts);
  context.after(() => host.close());
  const installed = await host.install(stored, () => {});
  assert.equal(installed.Outrigger?.state, "disabled");
  assert.ok(existsSync(join(parts.root.drivers, installed.Id, "driver.json")), `${whole} of 8 were whole`);
});
