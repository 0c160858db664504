import { Argument, type Command } from "commander";
import { completionScript, type Shell, shells } from "../completion/scripts.ts";
import { completionTree } from "../completion/tree.ts";
import { withExamples } from "../options.ts";
import { buildProgram } from "../program.ts";

export function define(command: Command): void {
  command
    .description("Prints a script that completes commands, options and their choices.")
    .addArgument(new Argument("<shell>", "your shell").choices(shells))
    .action(async (shell: Shell) => {
      process.stdout.write(completionScript(shell, completionTree(await buildProgram("all"))));
    });
  withExamples(
    command,
    "completion bash > ~/.local/share/bash-completion/completions/outrigger",
    "completion zsh > ~/.zfunc/_outrigger",
    "completion fish > ~/.config/fish/completions/outrigger.fish",
  );
}
