import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createDockerClient, type DockerClient } from "@outrigger/runtime";
import { unmountBelow } from "./mounts.ts";

export interface OwnEngine {
  /** `unix:///...`, as DOCKER_HOST has it. */
  readonly host: string;
  readonly client: DockerClient;
  /** Its own; everything of the engine is in it. */
  readonly folder: string;
  /** Of the daemon while it runs. */
  readonly pidFile: string;
  /** What it finds at /run/docker/plugins, with `ownPlugins`. */
  readonly pluginsFolder: string;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface OwnEngineOptions {
  /** Its daemon.json. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The address and length of a bridge of its own, e.g. `10.214.0.1/24`; without it there is no network but `none` and `host`. */
  readonly bridge?: string;
  /** The network namespace (`ip netns`) that it runs in, whenever it is started; without it, it begins one of its own each time. */
  readonly namespace?: string;
  /** Its /run/docker/plugins is a folder of its own: it finds nobody else's drivers, and no other engine its. It sees mounts that are made in its own namespace only. */
  readonly ownPlugins?: boolean;
}

/** A dockerd of the test's own, beside the one that everyone uses, with a disk of `size` (e.g. `120m`) in memory; gone when the test ends. Needs root. */
export async function ownEngine(
  context: Pick<TestContext, "after">,
  size: string,
  { config = {}, bridge, namespace, ownPlugins = false }: OwnEngineOptions = {},
): Promise<OwnEngine> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-engine-"));
  const disk = join(folder, "disk");
  const pluginsFolder = join(folder, "plugins");
  for (const each of [disk, pluginsFolder]) mkdirSync(each);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk]);
  const host = `unix://${join(folder, "docker.sock")}`;
  const pidFile = join(folder, "pid");
  const configFile = join(folder, "daemon.json");
  writeFileSync(configFile, JSON.stringify(config));
  const client = createDockerClient(host);
  let daemon: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const folders = ["--data-root", disk, "--exec-root", join(folder, "run"), "--pidfile", pidFile, "--config-file", configFile];
    const laid = bridge === undefined ? ["--bridge", "none"] : ["--bip", bridge];
    const network = [...laid, "--iptables=false", "--ip6tables=false", "--default-address-pool", "base=10.213.0.0/16,size=24"];
    // In a network namespace of its own: a dockerd without a bridge deletes docker0, whosever it is.
    const words = ["dockerd", ...folders, "--host", host, ...network];
    const inside = namespace === undefined ? ["unshare", "--net"] : ["nsenter", `--net=/run/netns/${namespace}`];
    const alone = ["unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /run/docker/plugins; exec "$@"', pluginsFolder];
    daemon = spawn("env", [...inside, ...(ownPlugins ? alone : []), ...words], { stdio: "ignore" });
    for (let tries = 0; tries < 200 && !(await answers(client)); tries += 1) await sleep(100);
  };
  const stop = async (): Promise<void> => {
    if (daemon === undefined) return;
    const ended = once(daemon, "exit");
    daemon.kill("SIGTERM");
    daemon = undefined;
    await ended;
  };
  context.after(async () => {
    await stop();
    client.close();
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  await start();
  return { host, client, folder, pidFile, pluginsFolder, start, stop };
}

function answers(client: DockerClient): Promise<boolean> {
  return client.version().then(
    () => true,
    () => false,
  );
}
