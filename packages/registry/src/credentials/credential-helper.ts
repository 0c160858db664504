import { spawn } from "node:child_process";
import { wordsOf } from "@outrigger/plugin";
import * as z from "zod";
import { registryErrors } from "../errors.ts";
import type { Credentials } from "./credentials.ts";

const answerField = z.looseObject({ Username: z.string(), Secret: z.string() });
const patience = 60_000;
const longest = 1 << 20;

/**
 * Asks `docker-credential-NAME get` (docker-credential-helpers): the registry goes in by its input, the credentials come by its output.
 * @returns undefined when it has none
 * @throws credential-helper-failed, never with what it printed as its answer
 */
export async function askHelper(helper: string, registry: string): Promise<Credentials | undefined> {
  const failed = (reason: string): Error => registryErrors["credential-helper-failed"]({ helper, registry, reason });
  // The name becomes a program's: no path may be made of it.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper)) throw failed("this is no helper's name");
  const { code, output } = await run(`docker-credential-${helper}`, registry).catch((error: unknown) => {
    throw failed(wordsOf(error));
  });
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw failed(output.trim().slice(0, 200) || `it ended with ${code}`);
  }
  const answer = answerField.safeParse(jsonOf(output));
  if (!answer.success) throw failed("its answer has no Username and Secret");
  const { Username: username, Secret: secret } = answer.data;
  if (secret === "") return undefined;
  return username === "<token>" ? { kind: "identity-token", token: secret } : { kind: "password", username, password: secret };
}

function run(program: string, input: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "ignore"], timeout: patience });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(0, longest);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
    child.stdin.on("error", () => {}).end(input);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
