import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type OwnEngine, ownEngine } from "./own-engine.ts";
import { execute, type Result, root } from "./sandbox.ts";
import { tinyImage } from "./tiny-image.ts";

/** A machine made of a network namespace: an engine, and `uplink0`, which leads to a switch. */
export interface NetworkHost {
  readonly engine: OwnEngine;
  /** Stock `docker` on this host's engine. */
  readonly docker: (...words: readonly string[]) => Promise<Result>;
  /** The same, where success is expected. @returns what it printed */
  readonly done: (...words: readonly string[]) => Promise<string>;
  /** `ip` in the host's namespace. */
  readonly ip: (...words: readonly string[]) => string;
  /** Names of the host's links. */
  readonly links: () => readonly string[];
  /** Words before a command that shall run in the host's network. */
  readonly inside: readonly string[];
}

/** With a macvlan-driver beside the engine, as a legacy plug-in. */
export interface MacvlanHost extends NetworkHost {
  /** The driver's name for this engine. */
  readonly driver: string;
  /** Kills the driver with SIGKILL, if it runs, and starts it anew. */
  readonly restartDriver: () => Promise<void>;
}

/** The engine's own: newer clients won't give a hardware address to an engine before 25. */
const client = "/usr/bin/docker";

export const image = "macvlan-test/busybox:1";

/** A network namespace with a name of its own. */
function ownNamespace(context: TestContext, prefix: string): string {
  const name = `${prefix}-${randomBytes(3).toString("hex")}`;
  execFileSync("ip", ["netns", "add", name]);
  context.after(() => execFileSync("ip", ["netns", "delete", name]));
  return name;
}

/** A switch: a bridge in a namespace of its own, which gives frames back to the port that they came from (as VEPA wants it). */
export function ownSwitch(context: TestContext): string {
  const name = ownNamespace(context, "macvlan-switch");
  execFileSync("ip", ["-n", name, "link", "add", "switch0", "type", "bridge"]);
  execFileSync("ip", ["-n", name, "link", "set", "switch0", "up"]);
  return name;
}

export async function networkHost(
  context: TestContext,
  letter: string,
  onSwitch: string,
  { size = "120m", ownPlugins = false }: { readonly size?: string; readonly ownPlugins?: boolean } = {},
): Promise<NetworkHost> {
  const namespace = ownNamespace(context, `macvlan-host-${letter}`);
  const ip = (...words: readonly string[]): string => execFileSync("ip", ["-n", namespace, ...words], { encoding: "utf8" });
  execFileSync("ip", ["-n", onSwitch, "link", "add", `port-${letter}`, "type", "veth", "peer", "name", "uplink0", "netns", namespace]);
  execFileSync("ip", ["-n", onSwitch, "link", "set", `port-${letter}`, "master", "switch0", "up"]);
  execFileSync("ip", ["-n", onSwitch, "link", "set", `port-${letter}`, "type", "bridge_slave", "hairpin", "on"]);
  ip("link", "set", "uplink0", "up");
  const engine = await ownEngine(context, size, { namespace, ownPlugins });
  tinyImage(engine.host, image);
  const inside = ["nsenter", `--net=/run/netns/${namespace}`, "--"];
  const docker = (...words: readonly string[]): Promise<Result> => execute(client, ["-H", engine.host, ...words], engine.folder);
  const done = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await docker(...words);
    if (code !== 0) throw new TypeError(`docker ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  const links = (): readonly string[] => (JSON.parse(ip("-json", "link")) as { ifname: string }[]).map(({ ifname }) => ifname).toSorted();
  return { engine, inside, docker, done, ip, links };
}

export async function macvlanHost(context: TestContext, letter: string, onSwitch: string): Promise<MacvlanHost> {
  const host = await networkHost(context, letter, onSwitch, { ownPlugins: true });
  const driver = `macvlan-${letter}`;
  const socket = join(host.engine.pluginsFolder, `${driver}.sock`);
  const folder = mkdtempSync(join(tmpdir(), "macvlan-host-"));
  let running: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, "exit");
    running.kill(signal);
    await ended;
  };
  const restartDriver = async (): Promise<void> => {
    await end("SIGKILL");
    rmSync(socket, { force: true });
    const env = { ...process.env, OUTRIGGER_DRIVER_SOCKET: socket, STATE_DIRECTORY: folder, LOG_LEVEL: "error" };
    const [program = "", ...words] = [...host.inside, process.execPath, join(root, "plugins/macvlan-driver/main.ts")];
    running = spawn(program, words, { stdio: ["ignore", "ignore", "inherit"], env });
    for (let tries = 0; tries < 300 && !existsSync(socket); tries += 1) await sleep(50);
  };
  context.after(async () => {
    await end("SIGTERM");
    rmSync(socket, { force: true });
    rmSync(folder, { recursive: true, force: true });
  });
  await restartDriver();
  return { ...host, driver, restartDriver };
}
