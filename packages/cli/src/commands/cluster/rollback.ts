import type { Command } from "commander";
import { carryOut, requireNoOpenRun, type WishFlags } from "../../cluster/apply-wish.ts";
import { knownState } from "../../cluster/changed-hosts.ts";
import { type ClusterOptions, wantedFolder, withCluster, withRun } from "../../cluster/cluster-options.ts";
import { openCluster } from "../../cluster/open-cluster.ts";
import { cliErrors } from "../../errors.ts";
import { withExamples } from "../../options.ts";

export function define(command: Command): void {
  withRun(withCluster(command))
    .description("Goes back to the image that the cluster had before: its files to every host, and rollback.sh on one after the other.")
    .action(rollback);
  withExamples(command, "cluster rollback", "cluster rollback -c test");
}

async function rollback(options: WishFlags & ClusterOptions): Promise<void> {
  const folder = await wantedFolder(options);
  await requireNoOpenRun(folder);
  const state = await knownState(folder);
  const before = state.earlier.at(-1);
  if (before === undefined) throw cliErrors["no-image-before"]({ cluster: folder.cluster, image: state.image.reference });
  const opened = await openCluster({ ...state.clusterfile, image: before.reference }, options, before);
  try {
    await carryOut(folder, opened, { operation: "rollback", cluster: opened.cluster, imageBefore: state.image.reference }, options);
  } finally {
    await opened.close();
  }
}
