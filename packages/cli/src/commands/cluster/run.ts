import type { Command } from "commander";
import { applyWish, type WishFlags } from "../../cluster/apply-wish.ts";
import { knownState, withAccess, withHosts } from "../../cluster/changed-hosts.ts";
import { type ClustersOptions, clustersRoot, wantedFolder, withClusters, withRun } from "../../cluster/cluster-options.ts";
import { type NewClusterFlags, newClusterfile, withNewCluster } from "../../cluster/new-cluster.ts";
import { cliErrors } from "../../errors.ts";
import { withExamples } from "../../options.ts";

interface RunOptions extends WishFlags, NewClusterFlags, ClustersOptions {}

export function define(command: Command): void {
  withRun(
    withClusters(
      withNewCluster(
        withAccess(
          withHosts(command.argument("<image>", "a cluster image, or an application image for a cluster that is there"), "of the cluster"),
        ),
      ),
    ),
  )
    .option("--plugins <folder>", "plug-ins beside those of the image: a folder of Plugin documents, or one file")
    .option("-y, --yes", "ask nothing")
    .description(
      "Creates a cluster from an image on these hosts: copies its files, runs its scripts, and its plug-ins at their phases. An application image is installed\n" +
        "in the cluster that is there. `outrigger cluster plan` says before what will be done.",
    )
    .action(runImage);
  withExamples(
    command,
    "cluster run registry.example/kubernetes:v1.30.2 -m 10.0.0.1 -n 10.0.0.2-10.0.0.9 -p",
    "cluster run tiny:1 -m 10.0.0.1,10.0.0.2,10.0.0.3 -n 10.0.0.4 --pk id_ed25519 --name test -e DISK=/dev/sdb",
    "cluster run shop-web:2 --name test",
  );
}

async function runImage(image: string, options: RunOptions): Promise<void> {
  if (options.masters === undefined && options.nodes === undefined) return runApplication(image, options);
  const { readState } = await import("@outrigger/cluster");
  const clusterfile = await newClusterfile(image, options);
  const folder = await wantedFolder(options, clusterfile.name);
  if ((await readState(folder)) !== undefined) throw cliErrors["cluster-exists"]({ cluster: folder.cluster });
  await applyWish({ folder, state: undefined, clusterfile, keepsImage: false }, options);
}

/** Without hosts: an application for the cluster that is named, or the only one. */
async function runApplication(image: string, options: RunOptions): Promise<void> {
  const { clusterNames } = await import("@outrigger/cluster");
  const known = await clusterNames(await clustersRoot(options));
  if (known.length === 0) throw cliErrors["hosts-missing"]({});
  const folder = await wantedFolder(options, options.clusterName);
  const state = await knownState(folder);
  const clusterfile = { ...state.clusterfile, image, plugins: [], commandArguments: options.cmdArgs ?? [] };
  await applyWish({ folder, state, clusterfile, keepsImage: false }, options);
}
