import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { withExamples } from "../../../options.ts";

export function define(command: Command): void {
  withVerb(command)
    .argument("<plugin>", "its name")
    .description("Switches a plug-in on. No connection is dropped.")
    .action((plugin: string, options: VerbOptions) => changePlugins(options, (host, dryRun) => host.enable("engine", plugin, dryRun)));
  withExamples(command, "engine plugins enable labeler");
}
