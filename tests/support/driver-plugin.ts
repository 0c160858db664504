import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { unmountBelow } from "./mounts.ts";
import { type OwnEngine, ownEngine } from "./own-engine.ts";
import { shellBlocks } from "./page.ts";
import { execute, type Result, root } from "./sandbox.ts";
import { tinyImage } from "./tiny-image.ts";

/** A driver of the catalogue as a process of its own. */
export interface DriverProcess {
  readonly socket: string;
  /** A folder of its own, gone when the test ends. */
  readonly folder: string;
  /** What it has written. */
  readonly output: () => string;
  readonly start: () => Promise<void>;
  readonly end: (signal: NodeJS.Signals) => Promise<void>;
}

export interface DriverOptions {
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
  /** An engine of the test's own that finds it, and sees what it mounts: never one that others use, which would ask for the driver long after its end. */
  readonly engine?: OwnEngine;
}

/** Starts `plugins/NAME/main.ts`. */
export async function startDriver(
  context: Pick<TestContext, "after">,
  plugin: string,
  { env = () => ({}), engine }: DriverOptions = {},
): Promise<DriverProcess> {
  const folder = mkdtempSync(join(tmpdir(), `outrigger-${plugin}-`));
  const socket = engine === undefined ? join(folder, "driver.sock") : join(engine.pluginsFolder, `${plugin}.sock`);
  const written: string[] = [];
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const words = [process.execPath, join(root, "plugins", plugin, "main.ts")];
    const inside = engine === undefined ? [] : ["nsenter", "--mount", `--target=${readFileSync(engine.pidFile, "utf8").trim()}`];
    const [program = "", ...args] = [...inside, ...words];
    child = spawn(program, args, {
      env: { PATH: process.env["PATH"], ...env(folder), OUTRIGGER_DRIVER_SOCKET: socket },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => written.push(String(data)));
    const lines = written.length;
    const serving = (): boolean => written.slice(lines).join("").includes('"serving"');
    while (!serving() && child.exitCode === null && child.signalCode === null) await sleep(10);
    if (!serving()) throw new TypeError(`the driver ended: ${written.join("")}`);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  context.after(async () => {
    await end("SIGTERM");
    rmSync(socket, { force: true });
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  return { socket, folder, output: () => written.join(""), start, end };
}

/** The commands of a README's code block that begins with `# BLOCK`. */
export function readmeScript(plugin: string, block: string): string {
  const found = shellBlocks(join("plugins", plugin, "README.md")).find((code) => code.startsWith(`# ${block}\n`));
  if (found === undefined) throw new TypeError(`the README of ${plugin} has no block that begins with "# ${block}"`);
  return found;
}

export function shell(script: string, env: Readonly<Record<string, string>> = {}): Promise<Result> {
  return execute("sh", ["-euc", script], tmpdir(), env);
}

/** An engine of the test's own, with the image that READMEs use. */
export async function engineForDrivers(
  context: Pick<TestContext, "after">,
  config: Readonly<Record<string, unknown>> = {},
): Promise<OwnEngine> {
  const engine = await ownEngine(context, "120m", { config, ownPlugins: true });
  tinyImage(engine.host, "debian:bookworm-slim");
  return engine;
}
