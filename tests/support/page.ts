import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { OwnEngine } from "./own-engine.ts";
import { root } from "./sandbox.ts";

/** The shell blocks of a page of the checkout, as they stand. */
export function shellBlocks(page: string): readonly string[] {
  return blocksIn(readFileSync(join(root, page), "utf8"));
}

/** The blocks of a page in a language, e.g. `yaml`. */
export function blocksOf(page: string, language: string): readonly string[] {
  return blocksIn(readFileSync(join(root, page), "utf8"), language);
}

/** The first shell block of a page under a heading. */
export function shellBlockUnder(page: string, heading: string): string {
  const [block] = blocksIn(readFileSync(join(root, page), "utf8").split(`## ${heading}\n`)[1] ?? "");
  assert.ok(block, `${page} has a block under ${heading}`);
  return block;
}

function blocksIn(text: string, language = "sh"): readonly string[] {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, block = ""]) => block);
}

/**
 * Runs a block in the checkout as a person would in a terminal, jobs included; what is left of it ends with the test.
 *
 * @param engine one of the test's own that it speaks to, on the machine as that engine sees it; default: the one that everyone uses
 */
export async function runBlock(
  context: TestContext,
  script: string,
  engine?: OwnEngine,
): Promise<{ readonly code: number; readonly text: string }> {
  const { DOCKER_HOST: _, ...environment } = process.env;
  const inside = engine === undefined ? [] : ["nsenter", "--mount", `--target=${readFileSync(engine.pidFile, "utf8").trim()}`, "--wd=."];
  const [program = "", ...words] = [...inside, "bash", "-e", "-m", "-c", script];
  const child = spawn(program, words, {
    cwd: root,
    env: engine === undefined ? environment : { ...environment, DOCKER_HOST: engine.host },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  context.after(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  });
  const parts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => parts.push(part));
  const [code] = (await once(child, "close")) as [number];
  return { code, text: parts.join("") };
}
