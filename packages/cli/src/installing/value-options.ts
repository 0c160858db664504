import type { Command } from "commander";
import { cliErrors } from "../errors.ts";
import { collect, type OutputOptions, type TeamOptions, withOutput, withTeam } from "../options.ts";

/** Options of the commands that set values. */
export interface ValueOptions extends TeamOptions, OutputOptions {
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
  readonly secret?: readonly string[];
  readonly file?: string;
  readonly dryRun?: true;
  readonly memory?: string;
  readonly cpu?: string;
}

/** Adds the arguments and options that `install` and `configure` share. */
export function withValues(command: Command): Command {
  return withOutput(withTeam(command))
    .argument("<target>", "APPLICATION/COMPONENT")
    .argument("<plugin>", command.name() === "install" ? "NAME or NAME@VERSION; without a version the newest built one" : "NAME")
    .option(
      "--set <group.item=value>",
      "a value; in port groups group.PORT.item=value; lists with commas; can be given several times",
      collect,
    )
    .option("--secret <group.item>", "a secret, typed without echo or read from the input; never an argument", collect)
    .option("--file <values.yaml>", "values by group and item; --set and --secret win")
    .option("--memory <amount>", "memory of the plug-in's container, e.g. 64Mi")
    .option("--cpu <amount>", "CPU of the plug-in's container, e.g. 250m")
    .option("--dry-run", "say what would change, and change nothing");
}

/** Memory and CPU as the API takes them; nothing when neither is given. */
export function resourcesOf({ memory, cpu }: ValueOptions): { readonly resources?: { memory?: string; cpu?: string } } {
  if (memory === undefined && cpu === undefined) return {};
  return { resources: { ...(memory === undefined ? {} : { memory }), ...(cpu === undefined ? {} : { cpu }) } };
}

/** `group.item=value` -> its two sides. @throws option-invalid */
export function splitAssignment(text: string, command: string): { readonly place: string; readonly text: string } {
  const at = text.indexOf("=");
  if (at < 1) throw cliErrors["option-invalid"]({ option: "--set", found: JSON.stringify(text), expected: "group.item=value", command });
  return { place: text.slice(0, at), text: text.slice(at + 1) };
}
