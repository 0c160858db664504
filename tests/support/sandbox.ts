import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

export const root: string = join(import.meta.dirname, "..", "..");

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder, a data folder and names of its own; what it starts on the engine is removed when the test ends. */
export interface Sandbox {
  readonly folder: string;
  readonly dataDir: string;
  /** Starts the names of everything the test makes. */
  readonly prefix: string;
  /** Writes a file below the folder and returns its path. */
  readonly write: (path: string, text: string) => string;
  /** Runs ./outrigger in the folder. */
  readonly run: (...words: string[]) => Promise<Result>;
  readonly runWith: (env: Readonly<Record<string, string>>, ...words: string[]) => Promise<Result>;
}

export function sandbox(context: TestContext): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-test-"));
  const dataDir = join(folder, "data");
  const prefix = `t${randomBytes(3).toString("hex")}`;
  const runWith = (env: Readonly<Record<string, string>>, ...words: string[]): Promise<Result> =>
    execute(join(root, "outrigger"), words, folder, { OUTRIGGER_DATA_DIR: dataDir, NO_COLOR: "1", ...env });
  const run = (...words: string[]): Promise<Result> => runWith({}, ...words);
  context.after(async () => {
    for (const name of names(await run("get", "applications", "-o", "json"))) await run("down", name, "--volumes");
    // With them go the names of the images that they were built into.
    for (const name of names(await run("get", "plugins", "-o", "json"))) await run("plugin", "delete", name);
    await run("server", "--stop");
    rmSync(folder, { recursive: true, force: true });
  });
  const write = (path: string, text: string): string => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  return { folder, dataDir, prefix, write, run, runWith };
}

function names({ code, stdout }: Result): readonly string[] {
  const list: unknown = code === 0 ? JSON.parse(stdout) : [];
  return Array.isArray(list) ? list.map((each: { name: string }) => each.name) : [];
}

/** Runs a program and keeps what it prints. */
export function execute(
  program: string,
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024, encoding: "utf8" as const };
    execFile(program, [...words], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** A TCP port of loopback that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
