import type { Command } from "commander";

/** What can follow the words of one command. */
export interface CompletionNode {
  /** `plugin build`; empty for the program itself. */
  readonly words: string;
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletionOption[];
  /** The choices of the first argument, where it has some. */
  readonly choices: readonly string[];
  /** Its arguments, or some option's, are files. */
  readonly files: boolean;
}

export interface CompletionOption {
  readonly long: string;
  readonly short?: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** Every command with its options, parents first. */
export function completionTree(command: Command, words: readonly string[] = []): readonly CompletionNode[] {
  const help = { long: "--help", short: "-h", description: "print this help", takesValue: false, choices: [] };
  const options = command.options.flatMap((option): CompletionOption[] =>
    option.long === undefined
      ? []
      : [
          {
            long: option.long,
            ...(option.short === undefined ? {} : { short: option.short }),
            description: option.description,
            takesValue: option.required || option.optional,
            choices: option.argChoices ?? [],
          },
        ],
  );
  const node: CompletionNode = {
    words: words.join(" "),
    subcommands: command.commands.map((child) => ({ name: child.name(), summary: child.summary() })),
    options: [...options, help],
    choices: command.registeredArguments[0]?.argChoices ?? [],
    files: command.registeredArguments.some((argument) => /^(file|folder|place)$/.test(argument.name())),
  };
  return [node, ...command.commands.flatMap((child) => completionTree(child, [...words, child.name()]))];
}
