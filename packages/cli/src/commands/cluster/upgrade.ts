import type { Command } from "commander";
import { applyWish, type WishFlags } from "../../cluster/apply-wish.ts";
import { knownState } from "../../cluster/changed-hosts.ts";
import { type ClusterOptions, wantedFolder, withCluster, withRun } from "../../cluster/cluster-options.ts";
import { withExamples } from "../../options.ts";

export function define(command: Command): void {
  withRun(withCluster(command.argument("<image>", "the cluster image that it shall have")))
    .description(
      "Gives a cluster another image: the new files to every host, upgrade.sh on one after the other, and the plug-ins at their phases. The Clusterfile's\n" +
        "plug-ins stay, merged with the new image's.",
    )
    .action(upgrade);
  withExamples(command, "cluster upgrade registry.example/kubernetes:v1.31.0", "cluster upgrade tiny:2 -c test");
}

async function upgrade(image: string, options: WishFlags & ClusterOptions): Promise<void> {
  const folder = await wantedFolder(options);
  const state = await knownState(folder);
  await applyWish({ folder, state, clusterfile: { ...state.clusterfile, image }, keepsImage: false }, options);
}
