import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { bodyOf, socketCaller } from "@outrigger/sdk/driver/test-kit";

const root = join(import.meta.dirname, "..", "..", "..");

test("the code of docs/driver-plugins.md has right types and does what the page says", { timeout: 60_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "driver-docs-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const page = readFileSync(join(root, "docs", "driver-plugins.md"), "utf8");
  const files = [...page.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(([, name = "", text = ""]) => ({ name, text }));
  assert.deepEqual(
    files.map(({ name }) => name),
    ["main.ts", "driver.test.ts", "mounts.ts", "pool.ts"],
  );
  for (const { name, text } of files) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  mkdirSync(join(folder, "node_modules", "@outrigger"), { recursive: true });
  symlinkSync(join(root, "packages", "sdk"), join(folder, "node_modules", "@outrigger", "sdk"));
  const compilerOptions = { typeRoots: [join(root, "node_modules", "@types")] };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] }),
  );
  const run = promisify(execFile);
  const env = { ...process.env };
  // Otherwise the inner run would report to this one.
  delete env["NODE_TEST_CONTEXT"];
  await run(join(root, "node_modules", ".bin", "tsc"), ["--noEmit", "-p", folder]).catch((error: { stdout: string }) =>
    assert.fail(error.stdout),
  );
  await run(process.execPath, ["--test", "driver.test.ts"], { cwd: folder, env });

  const { addresses } = (await import(join(folder, "pool.ts"))) as { addresses: readonly string[] };
  assert.deepEqual(addresses, ["10.1.0.1/24", "10.1.0.2/24", "10.1.0.3/24"]);
  const { openMounts } = (await import(join(folder, "mounts.ts"))) as {
    openMounts: (folder: string) => Promise<{ mount: (name: string, id: string) => Promise<string> }>;
  };
  assert.equal(await (await openMounts(folder)).mount("data", "1"), join(folder, "data"));

  const socket = join(folder, "d.sock");
  const child = spawn(process.execPath, ["main.ts"], { cwd: folder, env: { ...env, OUTRIGGER_DRIVER_SOCKET: socket } });
  context.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const { call, close } = socketCaller(socket);
  const answer = await call("VolumeDriver.Mount", bodyOf({ Name: "data", ID: "1" }));
  close();
  assert.equal(answer.body.toString(), '{"Mountpoint":"/data/data","Err":""}');
});

test("docs/driver-plugins.md names every option, context field and method", () => {
  const page = readFileSync(join(root, "docs", "driver-plugins.md"), "utf8");
  const folder = join(import.meta.dirname, "..", "src", "driver");
  const fieldsOf = (file: string, name: string): readonly string[] => {
    const body = new RegExp(`export interface ${name} \\{\n(.*?)\n\\}`, "s").exec(readFileSync(join(folder, file), "utf8"))?.[1] ?? "";
    return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, field = ""]) => field);
  };
  for (const [file, name] of [
    ["serve-driver.ts", "ServeOptions"],
    ["interfaces/call-context.ts", "CallContext"],
    ["interfaces/volume-driver.ts", "VolumeDriver"],
    ["interfaces/network-driver.ts", "NetworkDriver"],
    ["interfaces/ipam-driver.ts", "IpamDriver"],
    ["interfaces/authz-plugin.ts", "AuthzPlugin"],
    ["interfaces/log-driver.ts", "LogDriver"],
    ["interfaces/metrics-collector.ts", "MetricsCollector"],
  ] as const) {
    const fields = fieldsOf(file, name);
    assert.ok(fields.length >= 3, name);
    for (const field of fields) assert.match(page, new RegExp(`\`${field}\\??(\\(\\))?\``), `${name}.${field}`);
  }
});
