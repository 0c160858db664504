import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { driverPluginHost } from "@outrigger/driver";
import { startHost, volumeDriver } from "./support/host.ts";
import { storePackage } from "./support/store.ts";

test("the verbs of every host of plug-ins drive drivers; a dry run changes nothing", async (context) => {
  const { host, folder } = await startHost(context);
  await storePackage(folder, "tools/vol:1", volumeDriver());
  await storePackage(folder, "tools/vol:2", volumeDriver());
  const plugins = driverPluginHost(host, async () => ({ from: join(folder, "store") }));
  const target = "driver-host";
  const request = { plugin: "tools/vol", version: "1", target, values: { any: { GREETING: "typed" } }, grants: ["all"] };
  await assert.rejects(plugins.install({ ...request, grants: [] }, false), { code: "privileges-not-granted" });
  assert.equal((await plugins.install(request, true)).changes[0]?.kind, "restart");
  await assert.rejects(plugins.install({ ...request, values: { any: { NOPE: "x" } } }, false), { code: "setting-unknown" });
  assert.deepEqual(await plugins.list(), []);
  await plugins.install(request, false);
  const plugin = "tools/vol:latest";
  assert.deepEqual(
    (await plugins.list()).map(({ plugin: name, state, failures }) => [name, state, failures]),
    [[plugin, "healthy", 0]],
  );
  assert.equal((await plugins.enable(target, plugin, false)).changes[0]?.kind, "none");
  await plugins.disable(target, plugin, true);
  await plugins.configure(target, plugin, { any: { GREETING: "again" } }, true);
  assert.equal((await plugins.inspect(target, plugin)).state, "healthy");
  await plugins.configure(target, plugin, { any: { GREETING: "again" } }, false);
  assert.ok(host.inspect(plugin).Settings.Env.includes("GREETING=again"));
  await plugins.upgrade(target, plugin, "2", true);
  assert.match((await plugins.inspect(target, plugin)).version, /:1$/);
  await plugins.upgrade(target, plugin, "2", false);
  assert.match((await plugins.inspect(target, plugin)).version, /:2$/);
  await plugins.rollback(target, plugin, false);
  assert.match((await plugins.inspect(target, plugin)).version, /:1$/);
  const leaving = new AbortController();
  for await (const line of plugins.logs(target, plugin, leaving.signal)) if (/start again/.test(line)) break;
  leaving.abort();
  await plugins.uninstall(target, plugin, false);
  assert.deepEqual(await plugins.list(), []);
});
