import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type DriverPluginManifest, isDriverPlugin, readPluginManifest } from "@outrigger/plugin";
import { readmeScript, shell } from "./support/driver-plugin.ts";
import { type OwnEngine, ownEngine } from "./support/own-engine.ts";
import { ownRegistry } from "./support/own-registry.ts";
import { execute, type Result, root } from "./support/sandbox.ts";
import { tinyImage } from "./support/tiny-image.ts";

interface Found {
  readonly folder: string;
  readonly manifest: DriverPluginManifest;
}

/** Every driver of the catalogue. */
const catalogue: readonly Found[] = globSync(join(root, "plugins", "*", "plugin.yaml")).flatMap((file) => {
  const reading = readPluginManifest(readFileSync(file, "utf8"), file);
  if (!reading.ok) assert.fail(JSON.stringify(reading.problems));
  return isDriverPlugin(reading.value.value) ? [{ folder: join(file, ".."), manifest: reading.value.value }] : [];
});

test("a driver of the catalogue has its folder's name, a README that names every setting, and a test", () => {
  assert.ok(catalogue.length >= 4);
  for (const { folder, manifest } of catalogue) {
    assert.ok(folder.endsWith(`/${manifest.metadata.name}`), folder);
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    for (const { items } of manifest.spec.config)
      for (const { name } of items) assert.match(readme, new RegExp(`\\b${name}\\b`), `${folder}: ${name}`);
    assert.ok(
      readdirSync(join(folder, "test")).some((file) => file.endsWith(".test.ts")),
      folder,
    );
  }
});

const store = mkdtempSync(join(tmpdir(), "outrigger-catalogue-"));
const outrigger = (...words: readonly string[]): Promise<Result> =>
  execute(join(root, "outrigger"), words, root, { OUTRIGGER_PACKAGES: store, NO_COLOR: "1" });
const ours = ["audit-authz", "dir-volume", "engine-metrics", "file-log"];

before(async () => {
  for (const name of ours) {
    const { code, stderr } = await outrigger("driver", "build", `plugins/${name}`, "-t", `${name}:1.0.0`);
    assert.equal(code, 0, stderr);
  }
});
after(() => rmSync(store, { recursive: true, force: true }));

for (const name of ours) {
  test(`${name} holds what engines need of it, as a managed plug-in`, { timeout: 300_000 }, async () => {
    const { code, stdout } = await outrigger("driver", "test", `${name}:1.0.0`);
    assert.equal(code, 0, stdout);
  });
}

interface Managed {
  readonly engine: OwnEngine;
  readonly docker: (words: string) => Promise<Result>;
  /** Runs a program in the engine's network. */
  readonly inside: (...words: readonly string[]) => Promise<Result>;
  /** Installs it with stock docker, all that it asks for granted. */
  readonly install: (name: string, ...settings: readonly string[]) => Promise<void>;
  /** Of an installed plug-in, on the host. */
  readonly propagated: (name: string) => Promise<string>;
}

async function managed(context: TestContext): Promise<Managed> {
  const engine = await ownEngine(context, "1500m", { ownPlugins: true });
  const registry = await ownRegistry(context, engine);
  tinyImage(engine.host, "debian:bookworm-slim");
  const inside = (...words: readonly string[]): Promise<Result> =>
    execute("nsenter", ["--net", `--target=${readFileSync(engine.pidFile, "utf8").trim()}`, ...words], root, { OUTRIGGER_PACKAGES: store });
  const docker = (words: string): Promise<Result> => shell(`docker ${words}`, { DOCKER_HOST: engine.host });
  const install = async (name: string, ...settings: readonly string[]): Promise<void> => {
    const reference = `${registry}/${name}:1.0.0`;
    const pushed = await inside(join(root, "outrigger"), "driver", "push", `${name}:1.0.0`, reference);
    assert.equal(pushed.code, 0, pushed.stderr);
    const { code, stderr } = await docker(`plugin install --grant-all-permissions --alias ${name} ${reference} ${settings.join(" ")}`);
    assert.equal(code, 0, stderr);
    context.after(() => docker(`plugin rm --force ${name}`));
  };
  const propagated = async (name: string): Promise<string> => {
    const { stdout } = await docker(`plugin inspect --format '{{.Id}}' ${name}`);
    return join(engine.folder, "disk", "plugins", stdout.trim(), "propagated-mount");
  };
  return { engine, docker, inside, install, propagated };
}

test("dir-volume as a managed plug-in: the README's snapshot; a volume outlives the plug-in's crash", {
  timeout: 180_000,
}, async (context) => {
  const { engine, docker, install } = await managed(context);
  await install("dir-volume", "MAX_SIZE=1G");
  const { code, stdout, stderr } = await shell(readmeScript("dir-volume", "A snapshot, and back to it"), { DOCKER_HOST: engine.host });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^first$/m);
  assert.match((await docker("volume create -d dir-volume -o size=2G large")).stderr, /the largest is 1073741824/);
  await docker("volume create -d dir-volume -o size=32M kept");
  const run = "run --network none -v kept:/data debian:bookworm-slim";
  await docker(`${run.replace("run", "run --detach --name writer")} sh -c 'echo before > /data/file; sleep 600'`);
  await restarted(engine, "dir-volume", docker);
  assert.equal((await docker(`exec writer sh -c 'echo after >> /data/file; cat /data/file'`)).stdout, "before\nafter\n");
  assert.equal((await docker(`${run} cat /data/file`)).stdout, "before\nafter\n");
  await docker("rm --force writer");
  assert.equal((await docker(`${run} cat /data/file`)).stdout, "before\nafter\n");
  for (const { Names } of JSON.parse(`[${(await docker("ps -a --format '{{json .}}'")).stdout.trim().split("\n").join(",")}]`))
    await docker(`rm --force ${Names}`);
  const removed = await docker("volume rm kept");
  assert.equal(removed.code, 0, removed.stderr);
});

test("file-log as a managed plug-in: the README's log", { timeout: 300_000 }, async (context) => {
  const { engine, install, propagated } = await managed(context);
  await install("file-log");
  const { code, stdout, stderr } = await shell(readmeScript("file-log", "A log, and what was last in it"), { DOCKER_HOST: engine.host });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^two\nthree$/m);
  const folders = readdirSync(await propagated("file-log"));
  const lines = readFileSync(join(await propagated("file-log"), folders[0] ?? "", "container.log"), "utf8");
  assert.match(lines, /"log":"one\\n","stream":"stdout","attrs":\{"team":"web"\}/);
});

test("engine-metrics as a managed plug-in: what a Prometheus reads, also after the plug-in's crash", {
  timeout: 180_000,
}, async (context) => {
  const { engine, docker, inside, install } = await managed(context);
  await install("engine-metrics", "PREFIX=n_", "KEEP=engine_daemon_*");
  const read = async (): Promise<string> => (await inside("sh", "-c", readmeScript("engine-metrics", "What a Prometheus reads"))).stdout;
  assert.match(await read(), /^n_engine_daemon_container_states_containers\{state="running"\} 0$/m);
  await restarted(engine, "engine-metrics", docker);
  let text = "";
  for (let tries = 0; tries < 100 && !text.includes("engine_metrics_up 1"); tries += 1) {
    await sleep(50);
    text = await read();
  }
  assert.match(text, /^n_engine_daemon_engine_info/m);
});

test("audit-authz as a managed plug-in: its rules come from a folder of the host", { timeout: 300_000 }, async (context) => {
  const { engine, docker, install, propagated } = await managed(context);
  const folder = mkdtempSync(join(tmpdir(), "outrigger-rules-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "audit-authz.yaml"), "rules:\n  - { name: most, allow: {} }\n");
  await install("audit-authz", `config.source=${folder}`);
  const trail = join(await propagated("audit-authz"), "audit.jsonl");
  const reload = (plugins: readonly string[]): void => {
    writeFileSync(join(engine.folder, "daemon.json"), JSON.stringify({ "authorization-plugins": plugins }));
    process.kill(Number(readFileSync(engine.pidFile, "utf8")), "SIGHUP");
  };
  reload(["audit-authz"]);
  for (let tries = 0; tries < 100 && !existsSync(trail); tries += 1) await docker("ps");
  assert.match((await docker("create --privileged debian:bookworm-slim true")).stderr, /most: privileged is not allowed/);
  writeFileSync(join(folder, "audit-authz.yaml"), "rules:\n  - { name: all, allow: all }\n");
  assert.equal((await docker("create --privileged debian:bookworm-slim true")).code, 0);
  assert.match(readFileSync(trail, "utf8"), /"fields":\{"Image":"debian:bookworm-slim","HostConfig.Privileged":true/);
  reload([]);
});

test("dir-volume under our own host serves a stock engine by name", { timeout: 300_000 }, async (context) => {
  const { engine, docker } = await managed(context);
  const folder = mkdtempSync(join(tmpdir(), "outrigger-host-"));
  const socket = join(folder, "driver.sock");
  const env = { OUTRIGGER_PACKAGES: store, OUTRIGGER_DRIVER_HOST: `unix://${socket}`, NO_COLOR: "1" };
  // In the engine's mount namespace: it sees what the driver mounts, and only it finds the driver.
  const target = `--target=${readFileSync(engine.pidFile, "utf8").trim()}`;
  const host = spawn(
    "nsenter",
    ["--mount", target, join(root, "outrigger"), "driver", "host", "--listen", `unix://${socket}`, "--root", join(folder, "drivers")],
    {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: "ignore",
    },
  );
  const ended = once(host, "exit");
  context.after(async () => {
    // Drivers outlive their host.
    await driver("rm", "dir-volume", "--force");
    host.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const driver = (...words: readonly string[]): Promise<Result> => execute(join(root, "outrigger"), ["driver", ...words], root, env);
  for (let tries = 0; tries < 400 && !existsSync(socket); tries += 1) await sleep(50);
  const installed = await driver("install", "dir-volume:1.0.0", "--grant-all-permissions");
  assert.equal(installed.code, 0, installed.stderr);
  const { code, stdout, stderr } = await shell(readmeScript("dir-volume", "A snapshot, and back to it"), { DOCKER_HOST: engine.host });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^first$/m);
  await docker("volume create -d dir-volume -o size=32M small");
  const full = await docker("run --rm --network none -v small:/data debian:bookworm-slim sh -c 'cat /dev/zero > /data/file'");
  assert.match(full.stderr, /No space left on device/);
  assert.equal((await docker("volume rm small")).code, 0);
  const removed = await driver("rm", "dir-volume", "--force");
  assert.equal(removed.code, 0, removed.stderr);
});

/** Kills the plug-in's process, and waits until the engine has started another. */
async function restarted(engine: OwnEngine, name: string, docker: Managed["docker"]): Promise<void> {
  const { stdout } = await docker(`plugin inspect --format '{{.Id}}' ${name}`);
  const state = join(engine.folder, "run", "runtime-runc", "plugins.moby", stdout.trim(), "state.json");
  const pid = (): number => (JSON.parse(readFileSync(state, "utf8")) as { readonly init_process_pid: number }).init_process_pid;
  const killed = pid();
  process.kill(killed, "SIGKILL");
  for (let tries = 0; tries < 200; tries += 1) {
    await sleep(50);
    if (existsSync(state) && pid() !== killed && existsSync(join(engine.pluginsFolder, stdout.trim(), `${name}.sock`))) return;
  }
  throw new TypeError(`${name} was not started again`);
}
