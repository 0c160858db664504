import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { isDriverPlugin, readPluginManifest } from "@outrigger/plugin";
import { ownPlatform } from "@outrigger/registry";
import { programPieces } from "../src/build/node/runtime.ts";

const own = ownPlatform().architecture;

test("a program comes with its loader and all of its libraries: it runs where nothing else is", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "driver-programs-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const { entry, contentSync } of programPieces("/usr/sbin/ip", own)) {
    const file = join(folder, entry.path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.concat(Array.from(contentSync?.() ?? [], (each) => Buffer.from(each))), { mode: entry.mode });
  }
  assert.match(execFileSync("chroot", [folder, "/usr/sbin/ip", "-V"], { encoding: "utf8" }), /^ip utility, iproute2/);
});

test("a program that can't come is named, with the reason", () => {
  assert.throws(
    () => programPieces("/usr/sbin/no-such-program", own),
    /no-such-program can't be put into a driver: it is not on this machine/,
  );
  assert.throws(() => programPieces("/etc/passwd", own), /it is no ELF program/);
  assert.throws(() => programPieces("/usr/sbin/ip", "riscv64"), new RegExp(`it is for ${own}, not for riscv64`));
});

function manifest(source: string): ReturnType<typeof readPluginManifest> {
  const text = [
    "apiVersion: outrigger.dev/v1",
    "kind: Plugin",
    "metadata: { name: lan, version: 1.0.0, description: x }",
    `spec: { layer: driver, driver: { interfaces: [docker.networkdriver/1.0], entrypoint: [/x], source: ${source} } }`,
  ];
  return readPluginManifest(text.join("\n").replace(source.includes("entry") ? "entrypoint: [/x], " : "\0", ""), "plugin.yaml");
}

test("programs stand beside a module, and with no other source", () => {
  const reading = manifest("{ entry: main.ts, programs: [/usr/sbin/ip] }");
  assert.ok(reading.ok && isDriverPlugin(reading.value.value));
  assert.deepEqual(reading.value.value.spec.driver.source.programs, ["/usr/sbin/ip"]);
  const other = manifest("{ rootfs: rootfs, programs: [/usr/sbin/ip] }");
  assert.ok(!other.ok);
  assert.match(other.problems[0]?.message ?? "", /Programs are put beside a module/);
  assert.equal(manifest("{ entry: main.ts, programs: [sbin/ip] }").ok, false, "a path from the root");
});
