import { homedir } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { cliErrors } from "./errors.ts";

/** How a command finds its server. */
export interface ConnectionOptions {
  readonly server?: string;
  readonly tokenFile?: string;
  readonly dataDir: string;
}

export interface TeamOptions extends ConnectionOptions {
  readonly team: string;
}

export type OutputFormat = "table" | "json" | "yaml";

export interface OutputOptions {
  readonly output: OutputFormat;
}

/** Adds `--server`, `--token-file` and `--data-dir`. A token itself is never an argument: other users of the machine see those. */
export function withConnection(command: Command): Command {
  return command
    .addOption(new Option("--server <url>", "address of the server (default: the one on this machine)").env("OUTRIGGER_SERVER"))
    .option("--token-file <file>", "file that holds the token (else OUTRIGGER_TOKEN, else the local admin token)")
    .addOption(dataDirOption());
}

/** Adds `--team` and what {@link withConnection} adds. */
export function withTeam(command: Command): Command {
  command.addOption(new Option("--team <name>", "team to work in").env("OUTRIGGER_TEAM").default("default"));
  return withConnection(command);
}

/** Adds `-o`. */
export function withOutput(command: Command): Command {
  return command.addOption(new Option("-o, --output <format>", "how to print").choices(["table", "json", "yaml"]).default("table"));
}

/** Adds examples under the help; each is a command line without the leading `outrigger`. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ outrigger ${example}`).join("\n")}`);
}

/** What is typed to get to a command: `driver load`. Some stand in two places. */
export function commandPath(command: Command): string {
  return command.parent === null ? "" : `${commandPath(command.parent)} ${command.name()}`.trim();
}

export function dataDirOption(): Option {
  return new Option("--data-dir <folder>", "where the local server keeps its files").env("OUTRIGGER_DATA_DIR").default(xdg("data"));
}

export function stateDirOption(): Option {
  return new Option("--state-dir <folder>", "where the local server's log goes").env("OUTRIGGER_STATE_DIR").default(xdg("state"));
}

function xdg(kind: "data" | "state"): string {
  const [variable, fallback] = kind === "data" ? ["XDG_DATA_HOME", ".local/share"] : ["XDG_STATE_HOME", ".local/state"];
  return join(process.env[variable] || join(homedir(), fallback), "outrigger");
}

/** The application and component that a TARGET names. @throws target-invalid */
export function parseTarget(target: string): { readonly application: string; readonly component: string } {
  const [application, component, ...rest] = target.split("/");
  if (!application || !component || rest.length > 0) throw cliErrors["target-invalid"]({ target });
  return { application, component };
}

/** An option's parser for whole numbers from `min` on. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min) throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`);
    return value;
  };
}

/** An option's parser that gathers every use of the option. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
