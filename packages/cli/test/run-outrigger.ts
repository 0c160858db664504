import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const checkout: string = join(import.meta.dirname, "..", "..", "..");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Sent once the standard error shows this text. */
  readonly interruptAt?: RegExp;
}

/** Runs `./outrigger` as a user does, with folders of its own: nothing of the machine's user is seen or touched. */
export async function outrigger(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(join(checkout, "outrigger"), words, {
    cwd: options.cwd ?? checkout,
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"], ...options.env },
  });
  child.stdin.on("error", () => {}).end(options.input ?? "");
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    const seen = options.interruptAt?.test(stderr) === true;
    stderr += text;
    if (!seen && options.interruptAt?.test(stderr) === true) child.kill("SIGINT");
  });
  const code = await new Promise<number | null>((done, failed) => child.once("error", failed).once("close", done));
  return { code, stdout, stderr };
}

/** A folder with these files that is removed at the end of its scope. */
export function folderWith(files: Readonly<Record<string, string>> = {}): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "outrigger-cli-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
