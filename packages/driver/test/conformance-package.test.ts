import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type ConformanceReport,
  openPluginFolder,
  openStoredPackage,
  packageLauncher,
  type RunnablePackage,
  testDriver,
  testedInterfaces,
  writePackage,
} from "@outrigger/driver";
import { openLayout, treeOfDirectory } from "@outrigger/registry";

/** A folder as `docker plugin create` takes it: the Python driver, with this machine's Python. */
function pluginFolder(context: Pick<TestContext, "after">): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-package-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const each of ["run/docker/plugins", "usr", "lib", "lib64", "data", "tmp"])
    mkdirSync(join(folder, "rootfs", each), { recursive: true });
  cpSync(join(import.meta.dirname, "conformance-driver"), join(folder, "rootfs/driver"), { recursive: true });
  const bind = (path: string) => ({ name: path, source: `/${path}`, destination: `/${path}`, type: "bind", options: ["rbind", "ro"] });
  const driver = [
    "/usr/bin/python3",
    "-B",
    "/driver/driver.py",
    "--socket",
    "/run/docker/plugins/x.sock",
    "--state",
    "/data/state",
    "--root",
    "",
  ];
  const config = {
    entrypoint: driver,
    args: { name: "args", settable: ["value"], value: [] },
    interface: { types: ["docker.volumedriver/1.0", "docker.logdriver/1.0", "docker.unknown/1.0"], socket: "x.sock" },
    propagatedMount: "/data",
    mounts: ["usr", "lib", "lib64"].map(bind),
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  return folder;
}

async function tested(found: RunnablePackage, set: readonly string[], only: readonly string[]): Promise<ConformanceReport> {
  const launcher = await packageLauncher({ ...found, set });
  try {
    return await testDriver({ launcher, managed: true, interfaces: testedInterfaces(found.config), only });
  } finally {
    await launcher.close();
  }
}

function outcomes({ results }: ConformanceReport): Readonly<Record<string, string>> {
  return Object.fromEntries(results.map(({ id, outcome }) => [id, outcome]));
}

test("a package is run as a managed plug-in, from a folder and from a store, and nothing of it stays", async (context) => {
  const folder = pluginFolder(context);
  const store = await openLayout(join(folder, "store"), { create: true });
  const found = await openPluginFolder(folder);
  assert.deepEqual(testedInterfaces(found.config), ["VolumeDriver", "LogDriver"]);
  const tree = await treeOfDirectory(join(folder, "rootfs"));
  await writePackage(found.config, tree, store, "tools/python:1");
  await tree.close();
  // What the launcher makes it makes in here.
  process.env["TMPDIR"] = folder;
  context.after(() => {
    delete process.env["TMPDIR"];
  });
  const only = ["activation.answers", "volume.data-stays", "log.stop-drains", "lifecycle.volumes-survive", "lifecycle.stop"];
  for (const each of [found, await openStoredPackage(store, "tools/python:1")]) {
    assert.deepEqual(outcomes(await tested(each, [], only)), {
      "activation.answers": "skipped",
      "volume.data-stays": "held",
      "log.stop-drains": "held",
      "lifecycle.stop": "held",
      "lifecycle.volumes-survive": "held",
    });
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("odt-")),
    [],
  );
  assert.equal(readFileSync("/proc/self/mountinfo", "utf8").includes(folder), false);
  assert.equal(existsSync(join(folder, "rootfs/data/state")), false);
});

test("settings of a package are set as docker plugin set does, and a defect in it is found", async (context) => {
  const found = await openPluginFolder(pluginFolder(context));
  const { results } = await tested(found, ["args=--defect volume.list"], ["volume.list"]);
  assert.deepEqual(
    results.map(({ id, outcome }) => [id, outcome]),
    [["volume.list", "failed"]],
  );
});

test("a driver whose PropagatedMount is /run/docker, as of metrics, is started again, and no mount of it stays", async (context) => {
  const folder = pluginFolder(context);
  // What the launcher makes it makes in here.
  process.env["TMPDIR"] = folder;
  context.after(() => {
    delete process.env["TMPDIR"];
  });
  const found = await openPluginFolder(folder);
  const config = {
    ...found.config,
    PropagatedMount: "/run/docker",
    Interface: { Types: ["docker.metricscollector/1.0"], Socket: "x.sock" },
  };
  const report = await tested({ ...found, config }, [], ["metrics", "lifecycle.restart-after-kill", "lifecycle.stop", "lifecycle.listens"]);
  assert.deepEqual(new Set(Object.values(outcomes(report))), new Set(["held"]), JSON.stringify(report.results));
  assert.equal(readFileSync("/proc/self/mountinfo", "utf8").includes(folder), false);
});

test("what is no package is told", async (context) => {
  const folder = pluginFolder(context);
  const store = await openLayout(join(folder, "store"), { create: true });
  await assert.rejects(openStoredPackage(store, "tools/nothing:1"), { code: "manifest-unknown" });
  writeFileSync(join(folder, "config.json"), '{"interface":{"socket":7}}');
  await assert.rejects(openPluginFolder(folder), { code: "driver-config-invalid" });
});
