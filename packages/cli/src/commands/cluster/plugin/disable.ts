import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../cluster/change-plugin.ts";
import { withExamples } from "../../../options.ts";

export function define(command: Command): void {
  withVerb(command)
    .description("Switches a plug-in off, one of the image, too: it no longer runs at its phases.")
    .action((plugin: string, options: VerbOptions) =>
      changePlugins(options, (host, cluster, dryRun) => host.disable(cluster, plugin, dryRun)),
    );
  withExamples(command, "cluster plugin disable motd", "cluster plugin disable motd -c test --dry-run");
}
