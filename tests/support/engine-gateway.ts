import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { execute, type Result, root } from "./sandbox.ts";

/** A plug-in that a gateway has on from the start. */
export interface GatewayPlugin {
  /** Its folder, from the root of this repository, e.g. `plugins/labeler`; or a name of `own`. */
  readonly from: string;
  readonly values?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** All by default. */
  readonly grants?: "all" | readonly string[];
  /** More of its entry in settings.yaml. */
  readonly more?: object;
}

/** A plug-in that a test writes itself: the engine part of its plugin.yaml, and its files. */
export interface OwnPlugin {
  readonly engine: object;
  readonly files: Readonly<Record<string, string>>;
}

export interface GatewayOptions {
  readonly plugins?: readonly GatewayPlugin[];
  readonly own?: Readonly<Record<string, OwnPlugin>>;
  /** With it, OCI hooks are carried out by the engine's runtime `outrigger`. */
  readonly records?: string;
  /** Added to the listener: `,user=ci`. */
  readonly listener?: string;
  readonly words?: readonly string[];
}

/** `./outrigger engine` as a process before an engine, with folders of its own; gone when the test ends. */
export interface EngineGateway {
  /** As DOCKER_HOST has it. */
  readonly host: string;
  readonly socket: string;
  readonly plugins: string;
  readonly state: string;
  readonly pid: () => number;
  /** What it has said so far. */
  readonly log: () => string;
  readonly docker: (...words: string[]) => Promise<Result>;
  /** `./outrigger engine WORDS` for this gateway. */
  readonly engine: (...words: string[]) => Promise<Result>;
  /** Processes of a plug-in. */
  readonly processesOf: (plugin: string) => readonly number[];
  readonly start: () => Promise<void>;
  /** SIGTERM, and until it is gone. */
  readonly stop: () => Promise<void>;
  readonly kill9: () => Promise<void>;
}

function writePlugin(folder: string, name: string, { engine, files }: OwnPlugin): void {
  const manifest = {
    apiVersion: "outrigger.dev/v1",
    kind: "Plugin",
    metadata: { name, version: "1.0.0" },
    spec: { layer: "engine", engine },
  };
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, "plugin.yaml"), JSON.stringify(manifest));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
}

export async function engineGateway(
  context: Pick<TestContext, "after">,
  upstream: string,
  { plugins: wanted = [], own = {}, records, listener = "", words = [] }: GatewayOptions = {},
): Promise<EngineGateway> {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-gateway-"));
  chmodSync(folder, 0o711); // users of plug-ins go through it
  const [plugins, state, socket] = [join(folder, "plugins"), join(folder, "state"), join(folder, "docker.sock")];
  mkdirSync(plugins);
  for (const [name, plugin] of Object.entries(own)) writePlugin(plugins, name, plugin);
  const entries = wanted.map(({ from, values = {}, grants = "all", more = {} }) => {
    if (own[from] === undefined) cpSync(resolve(root, from), join(plugins, basename(from)), { recursive: true });
    return { plugin: basename(from), enabled: true, grants, values, ...more };
  });
  const settings = { apiVersion: "outrigger.dev/v1", kind: "EngineSettings", plugins: entries };
  writeFileSync(join(plugins, "settings.yaml"), JSON.stringify(settings));
  const host = `unix://${socket}`;
  const env = { OUTRIGGER_ENGINE_PLUGINS: plugins, OUTRIGGER_ENGINE_STATE: state, NO_COLOR: "1" };
  const runtime = records === undefined ? [] : ["--runtime", "outrigger", "--records", records];
  const command = ["engine", "--listen", `${host}${listener}`, "--upstream", upstream, ...runtime, ...words];
  let child: ChildProcess | undefined;
  let log = "";
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  const gateway: EngineGateway = {
    host,
    socket,
    plugins,
    state,
    pid: () => child?.pid ?? -1,
    log: () => log,
    docker: (...args) => execute("docker", ["-H", host, ...args], root),
    engine: (...args) => execute(join(root, "outrigger"), ["engine", ...args], root, env),
    processesOf: (plugin) => processesIn(join(state, "versions", plugin), child?.pid ?? -1),
    start: async () => {
      child = spawn(join(root, "outrigger"), command, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
      const from = log.length;
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding("utf8").on("data", (text: string) => {
          log += text;
        });
      }
      const ended = once(child, "exit");
      for (let tries = 0; tries < 600 && !log.slice(from).includes(" listens at "); tries += 1) {
        await Promise.race([sleep(50), ended]);
        if (child.exitCode !== null) throw new TypeError(`the gateway ended: ${log.slice(from)}`);
      }
    },
    stop: () => end("SIGTERM"),
    kill9: () => end("SIGKILL"),
  };
  context.after(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  await gateway.start();
  return gateway;
}

/** Children of a process whose working folder is in a folder. */
function processesIn(folder: string, parent: number): readonly number[] {
  const children = readIfThere(() => readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8"));
  const pids = children.split(" ").filter(Boolean).map(Number);
  return pids.filter((pid) => readIfThere(() => readlinkSync(`/proc/${pid}/cwd`)).startsWith(`${folder}/`));
}

/** Processes end between two looks. */
function readIfThere(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

/** A running process: not gone, and no zombie. */
export function runs(pid: number): boolean {
  return /^State:\s+[^XZ]/m.test(readIfThere(() => readFileSync(`/proc/${pid}/status`, "utf8")));
}

/** Waits until the condition holds; fails after so many seconds. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  for (const start = Date.now(); Date.now() - start < seconds * 1000; await sleep(50)) if (await condition()) return;
  throw new TypeError(`waited in vain until ${what}`);
}
