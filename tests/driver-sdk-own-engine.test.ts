import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type AuthzRequest, allow, defineAuthzPlugin, deny } from "@outrigger/sdk/driver";
import { docker } from "./support/container.ts";
import { legacyDriver } from "./support/legacy-driver.ts";
import { ownEngine } from "./support/own-engine.ts";
import { thinPlugin } from "./support/thin-plugin.ts";

test("a real engine asks an authorisation plug-in of the SDK, and refuses what that refuses or fails at", {
  timeout: 120_000,
}, async (context) => {
  const seen: AuthzRequest[] = [];
  const { host, folder, pidFile, pluginsFolder } = await ownEngine(context, "60m", { ownPlugins: true });
  const authz = defineAuthzPlugin({
    request(request) {
      seen.push(request);
      const asked = request.body === undefined ? {} : (JSON.parse(request.body.toString()) as { Name?: string });
      if (asked.Name === "broken") throw new TypeError("the plug-in failed");
      return asked.Name === "forbidden" ? deny("this name is forbidden") : allow;
    },
    response: ({ uri, response }) => (uri.endsWith("/volumes/kept") && response.status === 200 ? deny("kept back") : allow),
  });
  const { name } = await legacyDriver(context, { authz }, pluginsFolder);
  writeFileSync(join(folder, "daemon.json"), JSON.stringify({ "authorization-plugins": [name] }));
  process.kill(Number(readFileSync(pidFile, "utf8")), "SIGHUP");
  for (let tries = 0; tries < 100 && seen.length === 0; tries += 1) await docker("--host", host, "version").then(() => sleep(50));
  const create = (volume: string): ReturnType<typeof docker> => docker("--host", host, "volume", "create", volume);
  assert.equal((await create("free")).stdout.trim(), "free");
  assert.match((await create("forbidden")).stderr, /authorization denied by plugin .*: this name is forbidden/);
  assert.match((await create("broken")).stderr, /the plug-in failed/);
  assert.equal((await create("kept")).code, 0);
  assert.match((await docker("--host", host, "volume", "inspect", "kept")).stderr, /kept back/);
  assert.deepEqual((await docker("--host", host, "volume", "ls", "--quiet")).stdout.trim().split("\n"), ["free", "kept"]);
  const asked = seen.find(({ body }) => body?.toString().includes('"forbidden"'));
  assert.deepEqual([asked?.method, asked?.uri, asked?.headers["Content-Type"]], ["POST", "/v1.41/volumes/create", "application/json"]);
});

// As a legacy plug-in it would hang the engine: Engine 20.10 waits for the plug-in's activation within its activation.
test("a real engine starts a metrics collector of the SDK as a managed plug-in, which reads its metrics", {
  timeout: 120_000,
}, async (context) => {
  const { host, folder } = await ownEngine(context, "60m");
  const place = join(folder, "plugin");
  mkdirSync(place);
  thinPlugin(place, { program: "tests/support/metrics-program.ts", types: ["docker.metricscollector/1.0"], socket: "metrics.sock" });
  const plugin = async (...words: string[]): Promise<void> => {
    const { code, stderr } = await docker("--host", host, "plugin", ...words);
    assert.equal(code, 0, stderr);
  };
  await plugin("create", "collector", place);
  await plugin("enable", "collector");
  const metrics = join(place, "metrics.txt");
  for (let tries = 0; tries < 100 && !existsSync(metrics); tries += 1) await sleep(100);
  assert.match(readFileSync(metrics, "utf8"), /engine_daemon_engine_info\{/);
  await plugin("disable", "collector");
});
