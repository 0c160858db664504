import type { Command } from "commander";

/** The team that the options name, and whether the command line named it: then it wins over the file's. */
export function teamOf(command: Command, options: { readonly team: string }): { readonly name: string; readonly given: boolean } {
  return { name: options.team, given: command.getOptionValueSource("team") === "cli" };
}
