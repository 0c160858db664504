import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type DriverHost, openDriverHost, type ProgressLine } from "@outrigger/driver";
import { call, until } from "./support/call.ts";
import { quick, type RunningHost, startHost, volumeDriver } from "./support/host.ts";
import { storePackage } from "./support/store.ts";

const quiet = (): void => {};
const name = "tools/vol:1";
const env = (Name: string, Value: string) => ({ Name, Description: "", Settable: ["value"], Value });

async function withDriver(test: RunningHost): Promise<string> {
  await test.host.install(await storePackage(test.folder, name, volumeDriver()), quiet);
  await test.host.set(name, ["GREETING=mine", "MODE="]);
  await test.host.enable(name, 0);
  const socket = join(test.published, "vol.sock");
  await call(socket, "VolumeDriver.Create", { Name: "kept" });
  return socket;
}

function envOf(host: DriverHost): readonly string[] {
  return host.inspect(name).Settings.Env;
}

test("an upgrade keeps what was set and stored, takes new defaults, and can be rolled back", async (context) => {
  const test = await startHost(context);
  const socket = await withDriver(test);
  const { host, folder, parts } = test;
  const first = host.inspect(name);
  const next = await storePackage(folder, "tools/vol:2", volumeDriver({ Env: [env("GREETING", "hello 2"), env("NEW", "3")] }));
  const lines: ProgressLine[] = [];
  await host.upgrade(name, { ...next, force: false }, (line) => void lines.push(line));
  const second = host.inspect(name);
  assert.deepEqual([second.Id, second.Name, second.Enabled], [first.Id, name, true]);
  assert.match(second.PluginReference, /tools\/vol:2$/);
  assert.deepEqual(envOf(host), ["GREETING=mine", "NEW=3"]);
  assert.ok(
    lines.some(({ status }) => status?.includes("MODE is dropped")),
    "what is dropped is told",
  );
  assert.match((await call(socket, "VolumeDriver.List", {})).text, /"kept"/);
  assert.equal(second.Outrigger?.previous?.digest, first.Outrigger?.digest);
  await host.rollback(name, false);
  assert.equal(host.inspect(name).Outrigger?.digest, first.Outrigger?.digest);
  assert.deepEqual(envOf(host), ["MODE=", "GREETING=mine"]);
  await host.rollback(name, false);
  assert.equal(host.inspect(name).Outrigger?.digest, second.Outrigger?.digest);
  assert.equal(readdirSync(join(parts.root.drivers, first.Id, "versions")).length, 2);
});

test("a new version that is not healthy gives way to the old one, and the error says why", async (context) => {
  const test = await startHost(context, { times: quick });
  const socket = await withDriver(test);
  const { host, folder, parts } = test;
  const before = host.inspect(name);
  const broken = await storePackage(folder, "tools/vol:2", volumeDriver({ Env: [{ ...env("MODE", "crash"), Settable: [] }] }));
  await assert.rejects(host.upgrade(name, { ...broken, force: false }, quiet), {
    code: "driver-upgrade-failed",
    message: /exit code 7.*the disk is on fire/,
  });
  const after = host.inspect(name);
  assert.deepEqual([after.Outrigger?.state, after.Outrigger?.digest], ["healthy", before.Outrigger?.digest]);
  assert.deepEqual(after.Settings, before.Settings);
  assert.equal(after.Outrigger?.previous, undefined);
  assert.equal(readdirSync(join(parts.root.drivers, after.Id, "versions")).length, 1);
  assert.match((await call(socket, "VolumeDriver.List", {})).text, /"kept"/);
});

test("an upgrade is refused while engines hold mounts, with other privileges than granted, and where there is no version before", async (context) => {
  const test = await startHost(context);
  const socket = await withDriver(test);
  const { host, folder } = test;
  const next = await storePackage(folder, "tools/vol:2", volumeDriver({ Network: { Type: "host" } }));
  await call(socket, "VolumeDriver.Mount", { Name: "kept", ID: "1" });
  await assert.rejects(host.upgrade(name, { ...next, force: false }, quiet), { code: "driver-in-use" });
  await call(socket, "VolumeDriver.Unmount", { Name: "kept", ID: "1" });
  await assert.rejects(host.upgrade(name, { ...next, granted: next.granted.slice(1), force: false }, quiet), { code: "privileges-differ" });
  await assert.rejects(host.rollback(name, false), { code: "driver-no-previous" });
  assert.equal(host.inspect(name).Outrigger?.state, "healthy");
});

test("a host that was killed while a new version was on trial ends the trial when it starts again", async (context) => {
  const test = await startHost(context, { times: quick });
  await withDriver(test);
  const { host, folder, parts } = test;
  const { Id } = host.inspect(name);
  const next = await storePackage(folder, "tools/vol:3", volumeDriver({ Documentation: "broken" }));
  await host.upgrade(name, { ...next, force: false }, quiet);
  const goodBefore = host.inspect(name).Outrigger?.previous?.digest;
  await host.disable(name, false);
  await host.set(name, ["MODE=crash"]);
  await host.close();
  const file = join(parts.root.drivers, Id, "driver.json");
  const record = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...record, enabled: true, onTrial: true }));
  const again = await openDriverHost(parts);
  context.after(() => again.close());
  await until(
    () => again.inspect(name).Outrigger,
    (found) => found?.digest === goodBefore && found?.state === "healthy",
  );
});
