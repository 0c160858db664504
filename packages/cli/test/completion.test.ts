import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { completionScript, shells } from "../src/completion/scripts.ts";
import { completionTree } from "../src/completion/tree.ts";
import { buildProgram } from "../src/program.ts";

const nodes = completionTree(await buildProgram("all"));

/** What bash offers for the last of these words. */
function complete(...words: readonly string[]): readonly string[] {
  const list = ["outrigger", ...words].map((word) => `'${word}'`).join(" ");
  const script = `${completionScript("bash", nodes)}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length}; _outrigger; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-u", "-c", script], { encoding: "utf8", cwd: "/" }).trim().split("\n");
}

test("bash completes commands, subcommands, options, choices and files", () => {
  assert.deepEqual(complete("pl"), ["plan", "plugin"]);
  assert.deepEqual(complete("plugin", "ver"), ["versions"]);
  assert.deepEqual(complete("plugin", "import", "--con"), ["--container"]);
  assert.deepEqual(complete("get", "comp"), ["components"]);
  assert.deepEqual(complete("get", "-o", ""), ["table", "json", "yaml"]);
  assert.deepEqual(complete("--team", "plugin", "pla"), ["plan"]);
  assert.deepEqual(complete("up", "-f", "us"), ["usr"]);
  assert.deepEqual(complete("plugin", "validate", "us"), ["usr"]);
});

test("every command and option stands in every script, and the shells that are here can read theirs", () => {
  for (const shell of shells) {
    const script = completionScript(shell, nodes);
    for (const { subcommands, options } of nodes) {
      for (const { name } of subcommands) assert.ok(script.includes(name), `${shell}: ${name}`);
      for (const { long } of options) assert.ok(script.includes(shell === "fish" ? `-l ${long.slice(2)}` : long), `${shell}: ${long}`);
    }
    const checked = spawnSync(shell, ["-n"], { input: script, encoding: "utf8" });
    if (checked.error === undefined) assert.equal(checked.status, 0, checked.stderr);
  }
});
