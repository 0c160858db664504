import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Command } from "commander";
import { buildProgram } from "../src/program.ts";
import { checkout, folderWith, outrigger } from "./run-outrigger.ts";

function* commandsOf(command: Command, words: readonly string[] = []): Generator<readonly [words: readonly string[], command: Command]> {
  yield [words, command];
  for (const child of command.commands) yield* commandsOf(child, [...words, child.name()]);
}

function helpOf(command: Command): string {
  let text = "";
  const writeOut = (part: string): void => {
    text += part;
  };
  command.configureOutput({ writeOut }).outputHelp();
  return text;
}

test("every command's help says what it does and has an example that names it", async () => {
  const program = await buildProgram("all");
  for (const [words, command] of commandsOf(program)) {
    const help = helpOf(command);
    assert.match(help, /\nExamples:\n {2}\$ outrigger /, words.join(" "));
    assert.ok(help.includes(`$ outrigger ${words.join(" ")}`), `${words.join(" ")}: its example is of another command`);
    assert.notEqual(command.description(), "", words.join(" "));
  }
});

test("every option of every command is described, and none takes a token, password or secret as its value", async () => {
  for (const [words, command] of commandsOf(await buildProgram("all"))) {
    for (const option of command.options) {
      assert.notEqual(option.description, "", `${words.join(" ")} ${option.flags}`);
      assert.doesNotMatch(option.flags, /(token|password|secret)[^ ]* <(?!file|group|setting)/, words.join(" "));
    }
  }
});

test("docs/driver-test.md names the options of `driver test`, and no others", async () => {
  const page = readFileSync(join(checkout, "docs", "driver-test.md"), "utf8");
  const told = new Set([...page.matchAll(/`(--[a-z-]+)/g)].map(([, option]) => option));
  for (const [words, command] of commandsOf(await buildProgram("all"))) {
    if (words.join(" ") !== "driver test") continue;
    assert.deepEqual([...told].sort(), command.options.map(({ long }) => long).sort());
  }
});

test("examples can be parsed by the command they are of", async () => {
  const program = await buildProgram("all");
  for (const [words, command] of commandsOf(program)) {
    if (command.commands.length > 0) continue;
    for (const [, line = ""] of helpOf(command).matchAll(/^ {2}\$ outrigger (.*)$/gm)) {
      const given = line.replace(/ [|<>].*/, "").match(/"[^"]*"|\S+/g) ?? [];
      const rest = given.slice(words.length).map((word) => word.replaceAll('"', ""));
      const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
      const options = own.filter((word) => word.startsWith("-")).map((word) => word.split("=")[0]);
      for (const option of options) {
        assert.ok(
          command.options.some(({ long, short }) => long === option || short === option),
          `${line}: ${words.join(" ")} has no ${option}`,
        );
      }
    }
  }
});

test("help, help for a command and --help end with 0; what is not known ends with 2 and a suggestion", async () => {
  const [help, nested, unknown, option, missing, none] = await Promise.all([
    outrigger(["help"]),
    outrigger(["help", "plugin", "import"]),
    outrigger(["plgin"]),
    outrigger(["up", "--tiemout", "3"]),
    outrigger(["logs"]),
    outrigger([]),
  ]);
  assert.equal(help.code, 0);
  assert.match(nested.stdout, /--container <name>/);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Did you mean plugin/);
  assert.equal(option.code, 2);
  assert.match(option.stderr, /Did you mean --timeout/);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /missing required argument 'target'/);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /Usage: outrigger/);
});

test("--version prints the package's version and loads no command", async () => {
  const { code, stdout, stderr } = await outrigger(["--version"]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test("without a recent Node the launcher says what to run", () => {
  using folder = folderWith({ "bin/empty": "" });
  const bin = join(folder.path, "bin");
  for (const tool of ["readlink", "sh"]) symlinkSync(execFileSync("which", [tool], { encoding: "utf8" }).trim(), join(bin, tool));
  const launcher = join(folder.path, "outrigger");
  copyFileSync(join(checkout, "outrigger"), launcher);
  const launch = (): { status: number | null; stderr: string } =>
    spawnSync(launcher, ["--version"], { env: { PATH: bin }, encoding: "utf8" });
  const none = launch();
  assert.equal(none.status, 1);
  assert.match(none.stderr, /there is no Node\.js 24 or newer in .*\/\.tools or in PATH\.\n {2}Run .*\/quickstart/);
  writeFileSync(join(bin, "node"), "#!/bin/sh\necho v18.19.0\n");
  chmodSync(join(bin, "node"), 0o755);
  assert.match(launch().stderr, /node there is v18\.19\.0/);
});
