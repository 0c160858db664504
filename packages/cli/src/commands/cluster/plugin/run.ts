import type { ClusterPlugin, ClusterState, PluginDocument } from "@outrigger/cluster";
import { manifestInvalid, type PhaseName, phaseNames } from "@outrigger/plugin";
import { type Command, Option } from "commander";
import { requireNoOpenRun, tellEnding } from "../../../cluster/apply-wish.ts";
import { knownState } from "../../../cluster/changed-hosts.ts";
import { type ClusterOptions, type RunFlags, wantedFolder, withCluster, withRun } from "../../../cluster/cluster-options.ts";
import { openCluster } from "../../../cluster/open-cluster.ts";
import { type OpenedOperator, openOperator } from "../../../cluster/operator.ts";
import { readPluginFolder } from "../../../cluster/plugin-folder-documents.ts";
import { cliErrors } from "../../../errors.ts";
import { withExamples } from "../../../options.ts";

interface PluginRunOptions extends RunFlags, ClusterOptions {
  readonly file?: string;
  readonly phase?: PhaseName;
}

export function define(command: Command): void {
  withRun(withCluster(command.argument("[plug-in]", "a plug-in of the cluster, or with -f of the file")))
    .option("-f, --file <file>", "a file or folder of Plugin documents that are not the cluster's")
    .addOption(new Option("--phase <phase>", "the phase that it is told (default: its first)").choices(phaseNames))
    .description("Runs a plug-in by hand, on the hosts that its targets mean, e.g. to back etcd up. The cluster stays as it is.")
    .action(runPlugin);
  withExamples(
    command,
    "cluster plugin run motd",
    "cluster plugin run -f etcd_backup.yaml -c test",
    "cluster plugin run motd --phase PostJoin",
  );
}

async function runPlugin(name: string | undefined, options: PluginRunOptions): Promise<void> {
  const { planPlugin, startRun } = await import("@outrigger/cluster");
  const folder = await wantedFolder(options);
  await requireNoOpenRun(folder);
  const state = await knownState(folder);
  const { phase } = options;
  const alone = { ...state.clusterfile, plugins: [] };
  const opened = await openCluster(
    options.file === undefined ? state.clusterfile : alone,
    { ...options, ...(options.file === undefined ? {} : { plugins: options.file }) },
    state.image,
  );
  let operator: OpenedOperator | undefined;
  try {
    const plugins = await wantedPlugins(name, options, state, opened.packages);
    operator = await openOperator(folder, options);
    for (const plugin of plugins) {
      const { image, types, grants } = opened;
      const { plan, input } = planPlugin({ cluster: { ...opened.cluster, hosts: state.cluster.hosts }, image, types }, plugin, phase);
      const wish = { operation: "run" as const, input, plan, clusterfile: state.clusterfile, grants, limit: options.parallel };
      await tellEnding(await startRun(operator, wish, { image, types }));
    }
  } finally {
    operator?.close();
    await opened.close();
  }
}

/** The plug-in that is named; of a file without a name: all. @throws plugin-not-in-cluster, manifest-invalid, option-invalid */
async function wantedPlugins(
  name: string | undefined,
  { file }: PluginRunOptions,
  state: ClusterState,
  packages: readonly PluginDocument[],
): Promise<readonly ClusterPlugin[]> {
  const { mergePlugins, requirePlugin } = await import("@outrigger/cluster");
  if (file === undefined) {
    if (name === undefined) throw cliErrors["plugin-not-named"]({});
    return [requirePlugin(state, name)];
  }
  const merged = mergePlugins([], [], [...(await readPluginFolder(file)), ...packages]);
  if (!merged.ok) throw manifestInvalid(file, merged.problems);
  const alone = { ...state, cluster: { ...state.cluster, plugins: merged.value } };
  return name === undefined ? merged.value : [requirePlugin(alone, name)];
}
