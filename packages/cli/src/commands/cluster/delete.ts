import type { Command } from "commander";
import { applyWish, carryOut, type WishFlags } from "../../cluster/apply-wish.ts";
import { type HostFlags, namedHosts, withHosts, withHostsOf } from "../../cluster/changed-hosts.ts";
import { type ClusterOptions, wantedFolder, withCluster, withRun } from "../../cluster/cluster-options.ts";
import { openCluster } from "../../cluster/open-cluster.ts";
import { cliErrors } from "../../errors.ts";
import { withExamples } from "../../options.ts";

interface DeleteOptions extends WishFlags, HostFlags, ClusterOptions {
  readonly all?: true;
}

export function define(command: Command): void {
  withRun(withCluster(withHosts(command, "to take out of the cluster")))
    .option("--all", "the whole cluster")
    .option("--force", "leave out hosts that can't be reached: they are only taken from the cluster")
    .option("-y, --yes", "ask nothing")
    .description(
      "Takes hosts out of a cluster and cleans them up, or deletes the whole cluster. Asks before. Hosts of a creation or a join that has failed count as well.",
    )
    .action(remove);
  withExamples(command, "cluster delete -n 10.0.0.9", "cluster delete -n 10.0.0.9 --force -y", "cluster delete --all -c test");
}

async function remove(options: DeleteOptions): Promise<void> {
  const folder = await wantedFolder(options);
  const named = options.masters !== undefined || options.nodes !== undefined;
  if (named === (options.all === true)) throw cliErrors["delete-what"]({});
  const { clusterErrors, stateWithUnfinished } = await import("@outrigger/cluster");
  const state = await stateWithUnfinished(folder);
  if (state === undefined) throw clusterErrors["cluster-unknown"]({ cluster: folder.cluster });
  if (options.all === true) {
    const opened = await openCluster(state.clusterfile, options, state.image);
    try {
      await carryOut(folder, opened, { operation: "delete", cluster: { ...opened.cluster, hosts: state.cluster.hosts } }, options);
    } finally {
      await opened.close();
    }
    return;
  }
  const leaving = new Set((await namedHosts(options, state)).map(({ ip }) => ip));
  const foreign = [...leaving].filter((ip) => !state.cluster.hosts.some((host) => host.ip === ip));
  if (foreign.length > 0) throw cliErrors["hosts-absent"]({ hosts: foreign.join(", "), cluster: folder.cluster });
  const clusterfile = withHostsOf(
    state,
    state.clusterfile.hosts.filter(({ ip }) => !leaving.has(ip)),
  );
  await applyWish({ folder, state, clusterfile, keepsImage: true }, options);
}
