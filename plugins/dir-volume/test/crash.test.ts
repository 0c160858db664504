import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createDriverKit, socketCaller } from "@outrigger/sdk/driver/test-kit";
import { startDriver } from "../../../tests/support/driver-plugin.ts";
import { openDirVolume } from "../volumes/driver.ts";
import { kitOf, ownRoot } from "./dir-volume-kit.ts";

test("where nothing can be mounted, a size is refused and a plain folder is not", async (context) => {
  const env = (folder: string): Readonly<Record<string, string>> => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "mount"), "#!/bin/sh\necho no loop device >&2\nexit 32\n", { mode: 0o755 });
    return { ROOT: join(folder, "root"), PATH: `${bin}:${process.env["PATH"]}` };
  };
  const driver = await startDriver(context, "dir-volume", { env });
  const caller = socketCaller(driver.socket);
  context.after(() => caller.close());
  const kit = kitOf(join(driver.folder, "root"), createDriverKit(caller.call).call);
  assert.equal(await kit.create("sized", { size: "16M" }), "mount: no loop device");
  assert.equal(await kit.create("plain"), undefined);
  assert.deepEqual(await kit.names(), ["plain"]);
  assert.deepEqual(readdirSync(join(driver.folder, "root", "staging")), []);
});

test("a record that can't be read stops the driver, and names its file", async (context) => {
  const root = ownRoot(context);
  mkdirSync(join(root, "volumes", "data"), { recursive: true });
  writeFileSync(join(root, "volumes", "data", "volume.json"), '{"kind":"tape"}');
  await assert.rejects(openDirVolume({ root }), /volumes\/data\/volume\.json is no record/);
});

test("a driver that is killed at any moment loses no volume, and leaves none half-made", { timeout: 120_000 }, async (context) => {
  const driver = await startDriver(context, "dir-volume", { env: (folder) => ({ ROOT: join(folder, "root") }) });
  const root = join(driver.folder, "root");
  const connect = (): ReturnType<typeof kitOf> => {
    const caller = socketCaller(driver.socket);
    context.after(() => caller.close());
    return kitOf(root, createDriverKit(caller.call).call);
  };
  let kit = connect();
  await kit.create("data", { size: "32M" });
  const folder = await kit.mount("data");
  const content = Buffer.alloc(4 * 1024 ** 2, "content");
  writeFileSync(join(folder, "file"), content);
  const kept = new Set(["data"]);
  const gone = new Set<string>();
  for (let round = 0; round < 12; round += 1) {
    const name = `copy-${round}`;
    const removed = `copy-${round - 2}`;
    const work = [
      kit.create(name, round % 2 === 0 ? { "snapshot-of": "data" } : { from: "data", size: "48M" }).then((error) => {
        if (error === undefined) kept.add(name);
      }),
      kit.call("Remove", { Name: removed }).then((error) => {
        if (error === undefined) gone.add(removed);
      }),
    ].map((each) => each.catch(() => undefined));
    await sleep(round * 12);
    await driver.end("SIGKILL");
    await Promise.all(work);
    await driver.start();
    kit = connect();
    const names = await kit.names();
    for (const each of kept) assert.ok(names.includes(each) || each === removed, `${each} is lost in round ${round}`);
    for (const each of gone) assert.ok(!names.includes(each), `${each} came back in round ${round}`);
    for (const each of names) {
      assert.deepEqual(readFileSync(join(await kit.mount(each, "check"), "file")), content, `${each} in round ${round}`);
      await kit.call("Unmount", { Name: each, ID: "check" });
      kept.add(each);
    }
    for (const each of kept) if (!names.includes(each)) kept.delete(each);
    writeFileSync(join(folder, `round-${round}`), "not frozen");
    assert.deepEqual(readdirSync(join(root, "staging")), []);
  }
});
