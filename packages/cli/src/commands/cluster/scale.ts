import type { Host } from "@outrigger/cluster";
import type { Command } from "commander";
import { applyWish, type WishFlags } from "../../cluster/apply-wish.ts";
import { type HostFlags, knownState, namedHosts, withAccess, withHosts, withHostsOf } from "../../cluster/changed-hosts.ts";
import { type ClusterOptions, wantedFolder, withCluster, withRun } from "../../cluster/cluster-options.ts";
import { cliErrors } from "../../errors.ts";
import { withExamples } from "../../options.ts";

export function define(command: Command): void {
  withRun(withCluster(withAccess(withHosts(command, "that the cluster shall have, all of them"))))
    .option("-y, --yes", "ask nothing, also where hosts are taken out of the cluster")
    .option("--force", "leave out hosts that are to go and can't be reached")
    .description(
      "Lets hosts join and leave, so that the cluster has these masters and these nodes and no others. What is not named (-m or -n) stays as it is.",
    )
    .action(scale);
  withExamples(command, "cluster scale -n 10.0.0.4-10.0.0.6", "cluster scale -m 10.0.0.1-10.0.0.3 -n 10.0.0.4 -c test -y");
}

async function scale(options: WishFlags & HostFlags & ClusterOptions): Promise<void> {
  const { isMaster } = await import("@outrigger/cluster");
  const folder = await wantedFolder(options);
  const state = await knownState(folder);
  if (options.masters === undefined && options.nodes === undefined) throw cliErrors["hosts-missing"]({});
  const own = state.clusterfile.hosts;
  const named = await namedHosts(options, state);
  // A host that is there stays what it is, with its roles, variables and labels.
  const wanted = named.map((host) => own.find(({ ip, roles }) => ip === host.ip && roles.includes("master") === isMaster(host)) ?? host);
  const kept = own.filter((host: Host) => (isMaster(host) ? options.masters : options.nodes) === undefined);
  const clusterfile = withHostsOf(state, [...kept, ...wanted]);
  await applyWish({ folder, state, clusterfile, keepsImage: true }, options);
}
