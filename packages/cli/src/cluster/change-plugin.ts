import type { HostPlan, PluginHost } from "@outrigger/plugin";
import type { Command } from "commander";
import { say } from "../output/print.ts";
import { type ClusterOptions, clustersRoot, wantedFolder, withCluster } from "./cluster-options.ts";

export interface VerbOptions extends ClusterOptions {
  readonly dryRun?: true;
}

/** Adds what every verb has that changes a plug-in of a cluster. */
export function withVerb(command: Command): Command {
  return withCluster(command.argument("<plug-in>", "its name")).option("--dry-run", "only say what it would change");
}

export async function changePlugins(
  options: VerbOptions,
  change: (host: PluginHost, cluster: string, dryRun: boolean) => Promise<HostPlan>,
): Promise<void> {
  const { clusterPluginHost } = await import("@outrigger/cluster");
  const { cluster } = await wantedFolder(options);
  const { changes } = await change(clusterPluginHost({ folder: await clustersRoot(options) }), cluster, options.dryRun === true);
  for (const { reason } of changes) say(reason);
  if (options.dryRun !== true && changes.some(({ kind }) => kind !== "none"))
    say("It counts from the next operation on; a Clusterfile that is applied counts instead of it.");
}
