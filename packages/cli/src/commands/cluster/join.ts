import type { Command } from "commander";
import { applyWish, type WishFlags } from "../../cluster/apply-wish.ts";
import { type HostFlags, knownState, namedHosts, withAccess, withHosts, withHostsOf } from "../../cluster/changed-hosts.ts";
import { type ClusterOptions, wantedFolder, withCluster, withRun } from "../../cluster/cluster-options.ts";
import { cliErrors } from "../../errors.ts";
import { withExamples } from "../../options.ts";

export function define(command: Command): void {
  withRun(withCluster(withAccess(withHosts(command, "that join"))))
    .description("Lets hosts join a cluster, with the image that it has and its plug-ins at their phases.")
    .action(join);
  withExamples(command, "cluster join -n 10.0.0.10-10.0.0.12", "cluster join -m 10.0.0.4 -n 10.0.0.13 -c test --pk id_ed25519");
}

async function join(options: WishFlags & HostFlags & ClusterOptions): Promise<void> {
  const folder = await wantedFolder(options);
  const state = await knownState(folder);
  const hosts = await namedHosts(options, state);
  if (hosts.length === 0) throw cliErrors["hosts-missing"]({});
  const present = hosts.filter(({ ip }) => state.cluster.hosts.some((host) => host.ip === ip));
  if (present.length > 0) throw cliErrors["hosts-present"]({ hosts: present.map(({ ip }) => ip).join(", "), cluster: folder.cluster });
  const clusterfile = withHostsOf(state, [...state.clusterfile.hosts, ...hosts]);
  await applyWish({ folder, state, clusterfile, keepsImage: true }, options);
}
