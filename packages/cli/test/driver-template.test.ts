import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { commandLauncher, testDriver } from "@outrigger/driver";
import { readPluginManifest } from "@outrigger/plugin";
import { execute, root } from "../../../tests/support/sandbox.ts";
import { type DriverType, driverTemplate, driverTypes } from "../src/driver/driver-template.ts";

test("a new driver's manifest is right, its types hold and its test passes as they are, with the SDK beside it", {
  timeout: 120_000,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-driver-template-"));
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules", "@outrigger"), { recursive: true });
  symlinkSync(join(root, "packages", "sdk"), join(folder, "node_modules", "@outrigger", "sdk"));
  for (const type of driverTypes) {
    const files = driverTemplate(`our-${type}`, type);
    const reading = readPluginManifest(files["plugin.yaml"] ?? "", "plugin.yaml");
    assert.ok(reading.ok, JSON.stringify(reading));
    mkdirSync(join(folder, type));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, type, name), text);
  }
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { typeRoots: [join(root, "node_modules", "@types")], isolatedDeclarations: false, declaration: false },
    include: ["*/*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const types = await execute(join(root, "node_modules", ".bin", "tsc"), ["--noEmit", "-p", folder], folder);
  assert.equal(types.code, 0, types.stdout + types.stderr);
  const tests = driverTypes.map((type) => join(type, "driver.test.ts"));
  const run = await execute("env", ["-u", "NODE_TEST_CONTEXT", process.execPath, "--test", ...tests], folder);
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.match(run.stdout, new RegExp(`pass ${driverTypes.length}`));
});

/** These hold by the clock, and a machine that is busy breaks them. */
const byTheClock: readonly string[] = ["lifecycle.listens-soon", "lifecycle.stop-soon", "http.quick"];

for (const type of driverTypes) {
  test(`a new driver of the type ${type} is what engines expect`, { timeout: 120_000 }, async (context) => {
    const folder = driverFolder(context, type);
    const socket = join(folder, "d.sock");
    const program = `OUTRIGGER_DRIVER_SOCKET="$1" exec "$0" "$2"`;
    const launcher = commandLauncher(["sh", "-c", program, process.execPath, socket, join(folder, "main.ts")], { address: socket });
    context.after(() => launcher.close());
    const { results, interfaces, counts } = await testDriver({ launcher, skip: byTheClock });
    const failed = results.filter(({ outcome }) => outcome === "failed");
    assert.deepEqual(
      failed.map(({ id, failure }) => `${id}: expected ${failure?.expected}; ${failure?.found}`),
      [],
    );
    assert.equal(interfaces.length, 1);
    assert.ok(counts.held > 10);
  });
}

test("a new driver's program listens, says what it serves, and ends on SIGTERM", { timeout: 60_000 }, async (context) => {
  const folder = driverFolder(context, "authz");
  const script = `"$0" main.ts > log & pid=$!; until grep -q serving log; do sleep 0.1; done; curl --silent --unix-socket "$OUTRIGGER_DRIVER_SOCKET" --request POST http://d/Plugin.Activate; kill $pid; wait $pid`;
  const { code, stdout } = await execute("sh", ["-c", script, process.execPath], folder, {
    OUTRIGGER_DRIVER_SOCKET: join(folder, "d.sock"),
  });
  assert.deepEqual([code, stdout], [0, '{"Implements":["authz"]}']);
  assert.match(readFileSync(join(folder, "log"), "utf8"), /"signal":"SIGTERM"/);
});

/** A new driver of a type in a folder of its own, where it also keeps its state. */
function driverFolder(context: Pick<TestContext, "after">, type: DriverType): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-driver-template-"));
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "node_modules", "@outrigger"), { recursive: true });
  symlinkSync(join(root, "packages", "sdk"), join(folder, "node_modules", "@outrigger", "sdk"));
  for (const [name, text] of Object.entries(driverTemplate("ours", type)))
    writeFileSync(join(folder, name), name === "main.ts" ? text.replaceAll('"/data', `"${folder}/data`) : text);
  return folder;
}
