import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createAskListener,
  createHookRecords,
  findRuntime,
  type HookRecords,
  networkTimingOf,
  planInstall,
  planRemove,
  reloadEngine,
  type WrapperSettings,
  writeInstall,
  writeRemove,
} from "@outrigger/engine";
import type { OciHook } from "@outrigger/sdk";
import { type OwnEngine, ownEngine } from "../../../tests/support/own-engine.ts";
import { runtimeEngine } from "../../../tests/support/runtime-engine.ts";

interface HookedEngine {
  readonly engine: OwnEngine;
  readonly folder: string;
  readonly records: HookRecords;
  readonly docker: (...words: string[]) => string;
  /** A shell line as a hook; its state is in `$state`, `$pid` is the container's process. */
  readonly hook: (priority: number, line: string, stage?: OciHook["stage"]) => { readonly plugin: string; readonly hook: OciHook };
  readonly log: () => readonly string[];
}

async function hookedEngine(context: TestContext, wrapper: Partial<WrapperSettings> = {}): Promise<HookedEngine> {
  const { engine, folder, records: recordsFolder } = await runtimeEngine(context, { wrapper });
  const { Version } = await engine.client.version();
  const records = await createHookRecords({ folder: recordsFolder, network: networkTimingOf(Version) });
  const docker = (...words: string[]): string => {
    const { status, stdout, stderr } = spawnSync("docker", ["-H", engine.host, ...words], { encoding: "utf8", timeout: 60_000 });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  const log = join(folder, "log");
  writeFileSync(log, "");
  return {
    engine,
    folder,
    records,
    docker,
    hook: (priority, line, stage) => {
      const script = `state=$(cat); pid=$(printf '%s' "$state" | sed 's/.*"pid":\\([0-9]*\\).*/\\1/'); log=${log}; ${line}`;
      const hook = { priority, path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] };
      return { plugin: "test", hook: { ...hook, ...(stage === undefined ? {} : { stage }) } };
    },
    log: () => readFileSync(log, "utf8").split("\n").filter(Boolean),
  };
}

test("hooks run in every stage and in their order, before and after the engine lays the network", { timeout: 120_000 }, async (context) => {
  const { docker, records, hook, log } = await hookedEngine(context);
  const id = docker("create", "--name", "web", "--stop-timeout", "0", "tiny", "sleep", "600");
  const network =
    'if grep -q eth0 "/proc/$pid/net/dev"; then echo "$name with network" >>$log; else echo "$name without network" >>$log; fi';
  await records.put(id, [
    hook(-5, `name=late; ${network}`),
    hook(0, `name=beside; ${network}`),
    hook(10, `name=early; ${network}`),
    hook(20, `name=earliest; ${network}`),
    hook(1, "echo createRuntime >>$log", "createRuntime"),
    hook(1, "echo createContainer >>$log", "createContainer"),
    hook(1, "echo startContainer >/tmp/seen", "startContainer"),
    hook(1, "echo poststart >>$log", "poststart"),
    hook(1, "echo poststop >>$log", "poststop"),
  ]);
  docker("start", "web");
  assert.deepEqual(log(), [
    "earliest without network",
    "early without network",
    "beside with network",
    "late with network",
    "createRuntime",
    "createContainer",
    "poststart",
  ]);
  assert.equal(docker("exec", "web", "cat", "/tmp/seen"), "startContainer");
  docker("rm", "--force", "web");
  assert.equal(log().at(-1), "poststop");
});

test("a hook that fails refuses the start in its own words; so does a record that is no good", { timeout: 120_000 }, async (context) => {
  const { docker, records, hook, folder } = await hookedEngine(context);
  const id = docker("create", "--name", "web", "--stop-timeout", "0", "tiny", "sleep", "600");
  await records.put(id, [hook(1, "echo 'no room at the inn' >&2; exit 7")]);
  assert.throws(() => docker("start", "web"), /exit status 7, [\s\S]*no room at the inn/);
  writeFileSync(join(folder, "records", `${id}.hooks`), "outrigger-hooks 1\n");
  assert.throws(() => docker("start", "web"), /outrigger: the hooks of the container [0-9a-f]{64} can't be added: its record is cut off/);
  await records.put(id, []);
  docker("start", "web");
  assert.equal(docker("inspect", "-f", "{{.State.Running}}", "web"), "true");
});

test("restarts that the engine makes by itself run the hooks of the last start, though nobody is there to give them", {
  timeout: 120_000,
}, async (context) => {
  const { docker, records, hook, log, engine } = await hookedEngine(context);
  const id = docker("create", "--name", "web", "--restart", "always", "--stop-timeout", "0", "tiny", "sleep", "600");
  await records.put(id, [hook(1, "echo hooked >>$log")]);
  docker("start", "web");
  assert.equal(log().length, 1);
  process.kill(Number(docker("inspect", "-f", "{{.State.Pid}}", "web")), "SIGKILL");
  for (let tries = 0; tries < 200 && log().length < 2; tries += 1) await sleep(50);
  assert.equal(log().length, 2, "after its process was killed");
  await engine.stop();
  await engine.start();
  for (let tries = 0; tries < 200 && log().length < 3; tries += 1) await sleep(50);
  assert.equal(log().length, 3, "after the engine came again");
});

test("the gateway answers for a container that it has not seen, while the engine holds its lock", { timeout: 120_000 }, async (context) => {
  const { docker, records, hook, log, folder, engine } = await hookedEngine(context, { missing: "ask" });
  const seen: unknown[] = [];
  const listener = await createAskListener({
    folder: join(folder, "records"),
    records,
    answer: async ({ containerId, args }) => {
      const filters = encodeURIComponent(JSON.stringify({ id: [containerId] }));
      const summaries = await engine.client.stream("GET", `/containers/json?all=1&filters=${filters}`);
      const [summary] = JSON.parse(Buffer.concat(await Array.fromAsync(summaries)).toString()) as [{ Names: string[]; Labels: object }];
      seen.push({ names: summary.Names, labels: summary.Labels, args });
      return [hook(1, "echo asked >>$log")];
    },
    onError: (error) => assert.fail(String(error)),
  });
  docker("create", "--name", "web", "--label", "team=blue", "--stop-timeout", "0", "tiny", "sleep", "600");
  try {
    await engine.client.stream("POST", "/containers/web/start");
  } finally {
    await listener.close();
  }
  assert.deepEqual(seen, [{ names: ["/web"], labels: { team: "blue" }, args: ["sleep", "600"] }]);
  assert.deepEqual(log(), ["asked"]);
});

test("install-runtime registers the wrapper with an engine that runs, and takes it out again", { timeout: 120_000 }, async (context) => {
  const engine = await ownEngine(context, "120m", { config: { "log-level": "warn", labels: ["a=1"] } });
  const daemonJson = join(engine.folder, "daemon.json");
  const installation = { name: "outrigger", daemonJson, folder: join(engine.folder, "lib"), asDefault: true };
  const runtimes = async (): Promise<string> => {
    await sleep(500);
    return execFileSync(
      "docker",
      ["-H", engine.host, "info", "-f", "{{.DefaultRuntime}} {{range $name, $_ := .Runtimes}}{{$name}} {{end}}"],
      { encoding: "utf8" },
    );
  };
  const settings = {
    runtime: await findRuntime(daemonJson, "runc"),
    records: "/none",
    missing: "run",
    unanswered: "run",
    wait: 1,
  } as const;
  await writeInstall(daemonJson, await planInstall(installation), settings);
  await reloadEngine(engine.pidFile);
  assert.match(await runtimes(), /^outrigger .*outrigger /);
  const version = execFileSync(join(engine.folder, "lib", "outrigger-runc"), ["--version"], { encoding: "utf8" });
  assert.match(version, /^runc version/);
  await writeRemove(daemonJson, await planRemove(installation));
  await reloadEngine(engine.pidFile);
  assert.doesNotMatch(await runtimes(), /outrigger/);
  assert.ok(!existsSync(join(engine.folder, "lib", "outrigger-runc")));
  const left = { "log-level": "warn", labels: ["a=1"], runtimes: {}, "default-runtime": "runc" };
  assert.deepEqual(JSON.parse(readFileSync(daemonJson, "utf8")), left);
});
