import type { ClusterState } from "@outrigger/cluster";
import { type ConfigGroup, type ConfigValues, checkValues, manifestInvalid, withoutPosition } from "@outrigger/plugin";
import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../cluster/change-plugin.ts";
import { wantedFolder } from "../../../cluster/cluster-options.ts";
import { type OpenFlags, openCluster } from "../../../cluster/open-cluster.ts";
import { readValues } from "../../../installing/values.ts";
import { collect, withExamples } from "../../../options.ts";
import { withRegistry } from "../../../packages/registry-options.ts";
import { secretReader } from "../../../read-secret.ts";

interface ConfigureOptions extends VerbOptions, OpenFlags {
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
}

export function define(command: Command): void {
  withRegistry(withVerb(command))
    .option("--set <group.item=value>", "a value; lists with commas; can be given several times", collect)
    .option("--unset <group.item>", "take a value away, so that the default counts", collect)
    .description("Changes the settings of a plug-in that has a plugin.yaml. Values that are not named stay.")
    .action(configure);
  withExamples(
    command,
    "cluster plugin configure backup --set target.PATH=/srv/backup",
    "cluster plugin configure backup --unset target.KEEP --dry-run",
  );
}

async function configure(plugin: string, options: ConfigureOptions): Promise<void> {
  const { requirePlugin, requireState } = await import("@outrigger/cluster");
  const { mergePatch } = await import("@outrigger/sdk");
  const state = await requireState(await wantedFolder(options));
  const { values = {} } = requirePlugin(state, plugin);
  const settings = await settingsOf(state, plugin, options);
  const patch = await readValues(plugin, settings, options, secretReader());
  const merged = mergePatch(values, patch) as ConfigValues;
  const problems = checkValues(settings, merged, { ports: [], downstream: [] });
  if (problems.length > 0)
    throw manifestInvalid(
      plugin,
      problems.map((problem) => withoutPosition(problem, plugin)),
    );
  await changePlugins(options, (host, cluster, dryRun) => host.configure(cluster, plugin, merged, dryRun));
}

/** What the plug-in's plugin.yaml declares: of the Clusterfile, of the package that is named, or of the image. */
async function settingsOf({ clusterfile, image }: ClusterState, plugin: string, options: OpenFlags): Promise<readonly ConfigGroup[]> {
  const own = clusterfile.plugins.find(({ name, settings }) => name === plugin && settings !== undefined);
  if (own?.settings !== undefined) return own.settings;
  const opened = await openCluster(clusterfile, options, image);
  await opened.close();
  const named = opened.clusterfile.plugins.findLast(({ name, given }) => name === plugin && given.package !== undefined)?.given.package;
  const found =
    named === undefined
      ? opened.image.plugins.find(({ name }) => name === plugin)
      : opened.packages.find(({ given }) => given.package === named);
  return found?.settings ?? [];
}
