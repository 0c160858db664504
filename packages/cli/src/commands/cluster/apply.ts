import type { Command } from "commander";
import { applyWish, type WishFlags } from "../../cluster/apply-wish.ts";
import { type ClustersOptions, wantedFolder, withClusters, withRun } from "../../cluster/cluster-options.ts";
import { readClusterfileAt } from "../../cluster/open-cluster.ts";
import { withExamples } from "../../options.ts";

interface ApplyOptions extends WishFlags, ClustersOptions {
  readonly file: string;
}

export function define(command: Command): void {
  withRun(withClusters(command))
    .option("-f, --file <file>", "the Clusterfile", "Clusterfile")
    .option("--plugins <folder>", "plug-ins beside those of image and Clusterfile: a folder of Plugin documents, or one file")
    .option("-y, --yes", "ask nothing, also where hosts are taken out of the cluster")
    .option("--force", "leave out hosts that are to go and can't be reached")
    .description(
      "Makes a cluster what its Clusterfile says: creates it, upgrades it to another image, brings other labels, taints and files, lets hosts join and leave;\n" +
        "or does nothing where all is as it is wanted. `outrigger cluster plan -f Clusterfile` says before what will be done.",
    )
    .action(apply);
  withExamples(command, "cluster apply -f Clusterfile", "cluster apply -f Clusterfile -p file:password --parallel 20 -y");
}

async function apply(options: ApplyOptions): Promise<void> {
  const { readState } = await import("@outrigger/cluster");
  const clusterfile = await readClusterfileAt(options.file);
  const folder = await wantedFolder(options, clusterfile.name);
  const state = await readState(folder);
  await applyWish({ folder, state, clusterfile, keepsImage: false }, options);
}
