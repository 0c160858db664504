import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createDockerClient, type DockerClient } from "../src/docker/client.ts";
import { createDockerRuntime } from "../src/index.ts";
import type { PodStatus } from "../src/runtime.ts";
import { busyboxImage, plugin, podOf, shell, sleeps, unique, until, untilState } from "./support.ts";

const unable =
  process.getuid?.() !== 0
    ? "an engine of its own needs root"
    : spawnSync("dockerd", ["--version"]).status !== 0
      ? "dockerd is not installed"
      : false;

interface Engine {
  readonly socket: string;
  readonly client: DockerClient;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** An engine beside the one that everyone uses: its own data, sockets, addresses. */
async function ownEngine(folder: string): Promise<Engine> {
  const socket = `unix://${join(folder, "docker.sock")}`;
  const client = createDockerClient(socket);
  let process: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    process = spawn(
      "dockerd",
      [
        ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--pidfile", join(folder, "pid")],
        ...["--host", socket, "--bridge", "none", "--iptables=false", "--ip6tables=false", "--storage-driver", "vfs"],
        ...["--default-address-pool", "base=10.213.0.0/16,size=24"],
      ],
      { stdio: "ignore" },
    );
    await until(
      "the engine answers",
      () =>
        client.version().then(
          () => true,
          () => false,
        ),
      20_000,
    );
  };
  const stop = async (): Promise<void> => {
    const ended = process === undefined ? undefined : once(process, "exit");
    process?.kill("SIGTERM");
    await ended;
  };
  return { socket, client, start, stop };
}

test("after a restart of the engine every pod is made anew, init containers and all", { skip: unable }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "engine-"));
  const engine = await ownEngine(folder);
  await engine.start();
  t.after(async () => {
    await engine.stop();
    engine.client.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  const image = await busyboxImage({ after: () => {} }, engine.client);
  const statuses: PodStatus[] = [];
  const runtime = createDockerRuntime({
    owner: unique("owner-"),
    socket: engine.socket,
    secret: async () => "",
    credentials: async () => undefined,
    onStatus: (status) => statuses.push(status),
    onEvent: () => {},
  });
  await runtime.start();
  const web = { team: "default", application: "shop", component: "web" };
  runtime.want(podOf(web, [shell("setup", image, "exit 0", plugin("setup", "init")), shell("web", image, sleeps)]));
  const before = await untilState(runtime, web, "ready");
  await engine.stop();
  await until("the outage is told", () => /No Docker Engine answers/.test(runtime.status(web)?.reason ?? ""));
  await engine.start();
  const after = await untilState(runtime, web, "ready");
  assert.notEqual(after.containers[0]?.startedAt, before.containers[0]?.startedAt);
  assert.match(after.reason ?? "", /made anew/);
  await runtime.remove(web, { volumes: true });
  assert.deepEqual(await engine.client.call("GET", "/containers/json", { query: { all: true } }), []);
  await runtime.close();
});
