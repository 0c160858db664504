import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../cluster/change-plugin.ts";
import { withExamples } from "../../../options.ts";

export function define(command: Command): void {
  withVerb(command)
    .description("Switches a plug-in on again: it runs at its phases.")
    .action((plugin: string, options: VerbOptions) =>
      changePlugins(options, (host, cluster, dryRun) => host.enable(cluster, plugin, dryRun)),
    );
  withExamples(command, "cluster plugin enable motd", "cluster plugin enable motd -c test --dry-run");
}
