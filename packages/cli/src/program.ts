import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { type CommandEntry, commandTable } from "./command-table.ts";

/** Runs one command line; gives the exit code. Only the module of the command that is named is loaded. */
export async function run(words: readonly string[]): Promise<number> {
  // Commander's own help command knows one level only.
  const line = words[0] === "help" && words.length > 1 ? [...words.slice(1), "--help"] : [...words];
  const program = await buildProgram(line);
  try {
    await program.parseAsync(line, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has printed its message; help that was asked for ends with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** The command tree. Commands that `words` do not name have only name and summary, unless `words` is `"all"`. */
export async function buildProgram(words: readonly string[] | "all"): Promise<Command> {
  const program = new Command("outrigger")
    .description("Plug-ins for every layer of a container platform.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", "\nExamples:\n  $ outrigger up -f app.yaml\n  $ outrigger get components\n  $ outrigger help plugin import");
  await addCommands(program, commandTable, words);
  return program;
}

async function addCommands(
  parent: Command,
  table: readonly CommandEntry[],
  words: readonly string[] | "all",
  path: readonly string[] = [],
): Promise<void> {
  // Options after a subcommand's name are the subcommand's, also where its parent has one of that name.
  harden(parent.enablePositionalOptions());
  for (const entry of table) {
    const command = new Command(entry.name)
      .summary(entry.summary)
      .description(`${entry.summary}.`)
      .helpOption("-h, --help", "print this help");
    harden(command);
    parent.addCommand(command);
    if (words !== "all" && words[0] !== entry.name) continue;
    if (entry.load !== undefined) (await entry.load()).define(command);
    if (entry.children === undefined) continue;
    const line = [...path, entry.name];
    await addCommands(command, entry.children, words === "all" ? "all" : words.slice(1), line);
    if (entry.load === undefined)
      command.addHelpText("after", `\nExamples:\n  $ outrigger ${line.join(" ")} ${entry.children[0]?.name ?? ""} --help`);
  }
}

function harden(command: Command): void {
  command.exitOverride().showSuggestionAfterError().showHelpAfterError("Run it with --help for examples.");
}

function version(): string {
  const description: { readonly version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return description.version;
}
