import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { openDriverHost } from "@outrigger/driver";
import { hostParts, volumeDriver } from "./support/host.ts";
import { storePackage } from "./support/store.ts";

/** A call as an engine makes it. */
export function call(socketPath: string, method: string, body: unknown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: `/${method}`, method: "POST", agent: false, headers: { host: "" } }, async (response) => {
      let text = "";
      for await (const piece of response) text += String(piece);
      resolve({ status: response.statusCode ?? 0, text });
    });
    outgoing.once("error", reject).end(body === null ? "" : `${JSON.stringify(body)}\n`);
  });
}

test("a driver is installed, enabled, serves volumes by name, and goes without a trace", async (context) => {
  const { parts, published, folder } = hostParts(context);
  const stored = await storePackage(folder, "tools/vol:1", volumeDriver());
  const host = await openDriverHost(parts);
  context.after(() => host.close());
  const lines: unknown[] = [];
  const installed = await host.install(stored, (line) => void lines.push(line));
  assert.equal(installed.Name, "tools/vol:1");
  assert.equal(installed.Outrigger?.state, "disabled");
  await host.enable("tools/vol:1", 0);
  const status = host.inspect("tools/vol:1").Outrigger;
  assert.equal(status?.state, "healthy");
  const socket = join(published, "vol.sock");
  assert.deepEqual(JSON.parse((await call(socket, "Plugin.Activate", null)).text), { Implements: ["VolumeDriver"] });
  assert.deepEqual(await call(socket, "VolumeDriver.Create", { Name: "a", Opts: null }), { status: 200, text: "{}" });
  const mounted = JSON.parse((await call(socket, "VolumeDriver.Mount", { Name: "a", ID: "1" })).text);
  assert.match(mounted.Mountpoint, /propagated-mount\/volumes\/a$/);
  writeFileSync(join(mounted.Mountpoint, "file"), "kept");
  await assert.rejects(host.disable("tools/vol:1", false), { code: "driver-in-use" });
  await call(socket, "VolumeDriver.Unmount", { Name: "a", ID: "1" });
  await host.disable("tools/vol:1", false);
  assert.equal(existsSync(socket), false);
  await host.remove("tools/vol:1", false);
  assert.deepEqual(host.list(), []);
  assert.equal(existsSync(mounted.Mountpoint), false);
});
