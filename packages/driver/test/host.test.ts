import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type DriverHost, driverFolder, openDriverHost } from "@outrigger/driver";
import { call, until } from "./support/call.ts";
import { quick, setMode, startHost, volumeDriver } from "./support/host.ts";
import { storePackage } from "./support/store.ts";

const quiet = (): void => {};
const name = "tools/vol:1";

function stateOf(host: DriverHost): string | undefined {
  return host.inspect(name).Outrigger?.state;
}

test("a driver is installed, enabled, serves volumes by name, and goes without a trace", async (context) => {
  const { host, parts, published, folder } = await startHost(context);
  const installed = await host.install(await storePackage(folder, name, volumeDriver()), quiet);
  assert.deepEqual([installed.Name, installed.Outrigger?.state], [name, "disabled"]);
  await host.enable(name, 0);
  assert.equal(stateOf(host), "healthy");
  const socket = join(published, "vol.sock");
  assert.deepEqual(JSON.parse((await call(socket, "Plugin.Activate", null)).text), { Implements: ["VolumeDriver"] });
  assert.deepEqual(await call(socket, "VolumeDriver.Create", { Name: "a", Opts: null }), { status: 200, text: "{}" });
  const mounted = JSON.parse((await call(socket, "VolumeDriver.Mount", { Name: "a", ID: "1" })).text);
  assert.match(mounted.Mountpoint, /propagated-mount\/volumes\/a$/);
  writeFileSync(join(mounted.Mountpoint, "file"), "kept");
  await assert.rejects(host.disable(name, false), { code: "driver-in-use" });
  await assert.rejects(host.remove(name, false), { code: "driver-still-enabled" });
  await call(socket, "VolumeDriver.Unmount", { Name: "a", ID: "1" });
  await host.disable(name, false);
  // An engine never forgets a driver that it has met: a socket that is gone would cost it 15 s at every list of volumes.
  for (const [method, body] of [
    ["Plugin.Activate", null],
    ["VolumeDriver.List", {}],
  ] as const)
    assert.deepEqual(await call(socket, method, body), { status: 500, text: '{"Err":"vol does not run: it is disabled"}\n' });
  await host.remove(name, false);
  assert.deepEqual([host.list(), readdirSync(parts.root.drivers), readdirSync(parts.root.incoming)], [[], [], []]);
  assert.deepEqual(await call(socket, "VolumeDriver.List", {}), { status: 200, text: '{"Volumes":[]}\n' });
  assert.deepEqual(await call(socket, "VolumeDriver.Get", { Name: "a" }), {
    status: 500,
    text: '{"Err":"vol does not run: it was removed"}\n',
  });
  await host.install(await storePackage(folder, name, volumeDriver()), quiet);
  await host.enable(name, 0);
  assert.deepEqual((await call(socket, "VolumeDriver.Create", { Name: "b", Opts: null })).text, "{}");
  await host.remove(name, true);
  await host.close();
  assert.equal(existsSync(socket), false);
});

test("a collector of metrics is started by the host: engine 20.10 hangs when it meets one as a legacy plug-in", async (context) => {
  const { host, parts, published, folder } = await startHost(context);
  const Interface = { Types: ["docker.metricscollector/1.0"], Socket: "driver.sock" };
  await host.install(await storePackage(folder, name, volumeDriver({ Interface })), quiet);
  await host.enable(name, 0);
  assert.equal(existsSync(published), false);
  const calls = join(driverFolder(parts.root, host.inspect(name).Id).propagated, "calls");
  assert.match(readFileSync(calls, "utf8"), /"method":"MetricsCollector\.StartMetrics","body":""/);
  await host.disable(name, false);
  assert.match(readFileSync(calls, "utf8"), /MetricsCollector\.StopMetrics/);
});

test("settings reach the driver, are refused while it is enabled, and names must be free", async (context) => {
  const { host, folder } = await startHost(context);
  const stored = await storePackage(folder, name, volumeDriver());
  await host.install(stored, quiet);
  await assert.rejects(host.install(stored, quiet), { code: "driver-exists" });
  await assert.rejects(host.install(await storePackage(folder, "other/vol:2", volumeDriver()), quiet), { code: "published-name-taken" });
  await host.set(name, ["GREETING=a b"]);
  await host.enable(name, 0);
  await assert.rejects(host.set(name, ["GREETING=x"]), { code: "driver-setting-enabled" });
  await assert.rejects(host.enable(name, 0), { code: "driver-enabled" });
  const log = Buffer.concat(await Array.fromAsync(host.logs(name, false, new AbortController().signal))).toString();
  assert.match(log, /start a b/);
});

test("what was not granted exactly is not installed, and nothing of it stays", async (context) => {
  const { host, folder, parts } = await startHost(context);
  const stored = await storePackage(folder, name, volumeDriver());
  const forged = stored.granted.map((each, index) => (index === 0 ? { ...each, Value: ["/tmp"] } : each));
  await assert.rejects(host.install({ ...stored, granted: forged }, quiet), { code: "privileges-differ" });
  await assert.rejects(host.install({ ...stored, granted: [] }, quiet), { code: "privileges-differ" });
  assert.deepEqual([readdirSync(parts.root.drivers), readdirSync(parts.root.incoming)], [[], []]);
});

test("a driver outlives its host; the next host takes it over with its uses", async (context) => {
  const { host, parts, published, folder } = await startHost(context);
  await host.install(await storePackage(folder, name, volumeDriver()), quiet);
  await host.enable(name, 0);
  const socket = join(published, "vol.sock");
  await call(socket, "VolumeDriver.Create", { Name: "a" });
  await call(socket, "VolumeDriver.Mount", { Name: "a", ID: "1" });
  const before = host.inspect(name).Outrigger;
  await assert.rejects(openDriverHost(parts), { code: "root-in-use" });
  await host.close();
  assert.equal(existsSync(socket), false, "no dead socket is left for engines to wait for");
  const next = await openDriverHost(parts);
  context.after(() => next.close());
  await until(
    () => stateOf(next),
    (state) => state === "healthy",
  );
  const after = next.inspect(name).Outrigger;
  assert.equal(after?.pid, before?.pid);
  assert.equal(after?.inUse, 1);
  assert.match((await call(socket, "VolumeDriver.Path", { Name: "a" })).text, /Mountpoint/);
});

test("how a driver ended while no host ran is told, and it is started again", async (context) => {
  const { host, parts, folder } = await startHost(context);
  await host.install(await storePackage(folder, name, volumeDriver()), quiet);
  await host.enable(name, 0);
  const pid = host.inspect(name).Outrigger?.pid ?? 0;
  await host.close();
  process.kill(pid, "SIGKILL");
  await until(() => !existsSync(`/proc/${pid}`));
  const next = await openDriverHost(parts);
  context.after(() => next.close());
  await until(
    () => stateOf(next),
    (state) => state === "healthy",
  );
  assert.equal(next.inspect(name).Outrigger?.failures, 1);
  assert.notEqual(next.inspect(name).Outrigger?.pid, pid);
});

test("a driver that runs though it is disabled is ended by the next host", async (context) => {
  const { host, parts, folder } = await startHost(context);
  await host.install(await storePackage(folder, name, volumeDriver()), quiet);
  await host.enable(name, 0);
  const { Id, Outrigger } = host.inspect(name);
  await host.close();
  const record = join(parts.root.drivers, Id, "driver.json");
  writeFileSync(record, readFileSync(record, "utf8").replace('"enabled": true', '"enabled": false'));
  const next = await openDriverHost(parts);
  context.after(() => next.close());
  assert.equal(stateOf(next), "disabled");
  await until(() => !existsSync(`/proc/${Outrigger?.pid}`));
});

test("a driver that ends at its start is not enabled, and its own words say why", async (context) => {
  const { host, folder, published } = await startHost(context, { times: quick });
  await host.install(await storePackage(folder, name, volumeDriver()), quiet);
  await host.set(name, ["MODE=crash"]);
  await assert.rejects(host.enable(name, 0), { code: "driver-start-failed", message: /exit code 7.*the disk is on fire/ });
  assert.equal(stateOf(host), "disabled");
  assert.equal(existsSync(join(published, "vol.sock")), false);
  await host.set(name, ["MODE=deaf"]);
  await assert.rejects(host.enable(name, 2_000), { code: "driver-start-failed", message: /not healthy within 2 s/ });
  await host.set(name, ["MODE=garbage"]);
  await assert.rejects(host.enable(name, 0), { code: "driver-start-failed", message: /not HTTP/ });
  await host.set(name, ["MODE="]);
  await host.enable(name, 0);
  assert.equal(stateOf(host), "healthy");
});

test("a crash loop is told as one, calls are answered at once meanwhile, and no volume is lost", async (context) => {
  const test = await startHost(context, { times: quick });
  const { host, folder, published } = test;
  await host.install(await storePackage(folder, name, volumeDriver()), quiet);
  await host.enable(name, 0);
  const socket = join(published, "vol.sock");
  await call(socket, "VolumeDriver.Create", { Name: "kept" });
  setMode(host, test, name, "exit");
  const status = await until(
    () => host.inspect(name).Outrigger,
    (found) => found?.state === "failing" && found.failures > 2 && found.nextStart !== undefined,
  );
  assert.match(status?.reason ?? "", /exit code 9/);
  const refused = await call(socket, "VolumeDriver.Create", { Name: "b" });
  assert.equal(refused.status, 500);
  assert.match(JSON.parse(refused.text).Err, /vol .*exit code 9/);
  setMode(host, test, name, "");
  await until(
    () => stateOf(host),
    (state) => state === "healthy",
  );
  assert.match((await call(socket, "VolumeDriver.List", {})).text, /"kept"/);
});

test("a driver that hangs is failing, then ended and started again", async (context) => {
  const test = await startHost(context, { times: quick });
  const { host, folder } = test;
  await host.install(await storePackage(folder, name, volumeDriver()), quiet);
  await host.enable(name, 0);
  const { pid } = host.inspect(name).Outrigger ?? {};
  setMode(host, test, name, "hang");
  await until(
    () => stateOf(host),
    (state) => state === "failing",
  );
  assert.match(host.inspect(name).Outrigger?.reason ?? "", /does not answer within/);
  await until(() => !existsSync(`/proc/${pid}`));
  setMode(host, test, name, "");
  await until(
    () => stateOf(host),
    (state) => state === "healthy",
  );
  assert.notEqual(host.inspect(name).Outrigger?.pid, pid);
});
