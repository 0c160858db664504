import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { withExamples } from "../../../options.ts";

export function define(command: Command): void {
  withVerb(command)
    .argument("<plugin>", "its name")
    .argument("<privilege...>", "what is granted, e.g. change:body.Labels.*; all grants whatever it asks for")
    .description("Grants privileges to a plug-in, beside those that it has.")
    .action((plugin: string, privileges: readonly string[], options: VerbOptions) =>
      changePlugins(options, (host, dryRun) => host.grant("engine", plugin, privileges, dryRun)),
    );
  withExamples(command, "engine plugins grant labeler change:body.Labels.*", "engine plugins grant labeler all");
}
