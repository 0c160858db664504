import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { unmountBelow } from "./mounts.ts";
import { execute, type Result, root } from "./sandbox.ts";

/** A driver of the catalogue as a process of its own. */
export interface DriverProcess {
  /** The name by which the shared engine knows it, where it is published. */
  readonly name: string;
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
  /** Whether engines of this machine find it. Never end such a one by SIGKILL: a dead socket delays every volume of every engine by 15 s. */
  readonly published?: boolean;
  /** Default: one that is nobody else's. */
  readonly name?: string;
}

/** Starts `plugins/NAME/main.ts`. */
export async function startDriver(
  context: Pick<TestContext, "after">,
  plugin: string,
  { env = () => ({}), published = false, name = `${plugin}-${randomBytes(4).toString("hex")}` }: DriverOptions = {},
): Promise<DriverProcess> {
  const folder = mkdtempSync(join(tmpdir(), `outrigger-${plugin}-`));
  const socket = published ? `/run/docker/plugins/${name}.sock` : join(folder, "driver.sock");
  const written: string[] = [];
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [join(root, "plugins", plugin, "main.ts")], {
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
  if (published && !existsSync(socket)) throw new TypeError("the driver has no socket");
  return { name, socket, folder, output: () => written.join(""), start, end };
}

/**
 * The commands of a README's code block that begins with `# BLOCK`.
 *
 * @param words replaced where they stand alone and not in a path: names that others could have too
 */
export function readmeScript(plugin: string, block: string, words: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(root, "plugins", plugin, "README.md"), "utf8");
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, code = ""]) => code);
  const found = blocks.find((code) => code.startsWith(`# ${block}\n`));
  if (found === undefined) throw new TypeError(`the README of ${plugin} has no block that begins with "# ${block}"`);
  return Object.entries(words).reduce(
    (script, [word, other]) => script.replaceAll(new RegExp(`(?<![\\w/-])${word}(?![\\w-])`, "g"), other),
    found,
  );
}

export function shell(script: string, env: Readonly<Record<string, string>> = {}): Promise<Result> {
  return execute("sh", ["-euc", script], tmpdir(), env);
}
