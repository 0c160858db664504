import type { Finding } from "@outrigger/driver";
import { isOutriggerError } from "@outrigger/plugin";
import { type Command, Option } from "commander";
import { showFindings } from "../../driver/show-findings.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print, say } from "../../output/print.ts";

interface LintOptions extends OutputOptions {
  readonly architecture?: string;
  readonly strict?: true;
}

export function define(command: Command): void {
  withOutput(command)
    .argument("[path]", "a folder with config.json or plugin.yaml, one of these files alone, or a plug-in's tar", ".")
    .addOption(new Option("--architecture <name>", "what the files are for, as Go names it (default: this machine's)"))
    .option("--strict", "warnings count as errors")
    .description(
      "Says what an engine takes without a word and what fails, or surprises, later: names, settings, privileges, the entry point and its machine.\n" +
        "Exits 2 where there is an error.",
    )
    .action(lint);
  withExamples(command, "driver lint", "driver lint ./macvlan", "driver lint config.json -o json");
}

async function lint(path: string, options: LintOptions): Promise<void> {
  const findings = await findingsAt(path, options);
  await print(options.output, findings, () => (findings.length === 0 ? `${path}: no mistakes.` : showFindings(findings)));
  const errors = findings.filter(({ severity }) => severity === "error" || options.strict === true);
  if (errors.length === 0) return;
  if (options.output === "table") say(`${errors.length === 1 ? "1 mistake" : `${errors.length} mistakes`}.`);
  process.exitCode = 2;
}

async function findingsAt(path: string, { architecture }: LintOptions): Promise<readonly Finding[]> {
  const { lintPath } = await import("@outrigger/driver");
  const { ownPlatform } = await import("@outrigger/registry");
  try {
    return await lintPath(path, architecture ?? ownPlatform().architecture);
  } catch (error) {
    if (isOutriggerError(error) && error.problems.length > 0) return error.problems.map((problem) => ({ severity: "error", ...problem }));
    throw error;
  }
}
