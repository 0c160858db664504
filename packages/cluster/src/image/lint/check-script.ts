import { spawn } from "node:child_process";

/** Where a script is no bash. */
export interface SyntaxFault {
  /** From 1. */
  readonly line: number;
  /** bash's words. */
  readonly message: string;
}

/** Reads a script with `bash -n`, which runs nothing of it. Undefined: it is right, or there is no bash. */
export async function checkScript(text: string): Promise<SyntaxFault | undefined> {
  const child = spawn("bash", ["--norc", "--noprofile", "-n"], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
    timeout: 20_000,
  });
  const ended = Promise.withResolvers<void>();
  child.once("error", () => ended.resolve());
  child.once("close", () => ended.resolve());
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    said = (said + piece).slice(0, 4096);
  });
  child.stdin.on("error", () => {}).end(text);
  await ended.promise;
  const [, line, message] = /^bash: line (\d+): (.*)$/m.exec(said) ?? [];
  return line === undefined || message === undefined ? undefined : { line: Number(line), message };
}
