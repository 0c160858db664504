import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { withExamples } from "../../../options.ts";

export function define(command: Command): void {
  withVerb(command)
    .argument("<plugin>", "its name")
    .description("Puts the version back that ran before. The one that runs now is kept, so a second rollback comes back to it.")
    .action((plugin: string, options: VerbOptions) => changePlugins(options, (host, dryRun) => host.rollback("engine", plugin, dryRun)));
  withExamples(command, "engine plugins rollback labeler");
}
