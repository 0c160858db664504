import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { withExamples } from "../../../options.ts";

export function define(command: Command): void {
  withVerb(command)
    .argument("<plugin>", "its name")
    .description("Removes a plug-in's files and its entry in settings.yaml. Versions that ran are kept for a while in the state folder.")
    .action((plugin: string, options: VerbOptions) => changePlugins(options, (host, dryRun) => host.uninstall("engine", plugin, dryRun)));
  withExamples(command, "engine plugins uninstall labeler --dry-run");
}
