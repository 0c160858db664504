import type { Command } from "commander";
import { type ClusterOptions, wantedFolder, withCluster } from "../../../cluster/cluster-options.ts";
import { pluginRows } from "../../../cluster/plugin-rows.ts";
import { type OutputOptions, withExamples, withOutput } from "../../../options.ts";
import { print } from "../../../output/print.ts";

export function define(command: Command): void {
  withOutput(withCluster(command))
    .description("Lists the plug-ins of a cluster, from where they come, and how they ended when they last ran. Asks no host.")
    .action(async (options: ClusterOptions & OutputOptions) => {
      const { clusterStatus } = await import("@outrigger/cluster");
      const { plugins } = await clusterStatus(await wantedFolder(options));
      await print(options.output, plugins, () => pluginRows(plugins));
    });
  withExamples(command, "cluster plugin ls", "cluster plugin ls -c test -o json");
}
