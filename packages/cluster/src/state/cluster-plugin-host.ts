import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { HostPlan, InstallationStatus, PluginHost } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import { mergePlugins } from "../files/merge-plugins.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { readRun, runNames } from "../run/runs.ts";
import { changePlugin, changeState, requirePlugin, requireState } from "./change-plugins.ts";
import { type ClusterFolder, clusterFolder, clusterNames } from "./cluster-folder.ts";
import { clusterStatus } from "./cluster-status.ts";

export interface ClusterPluginHostOptions {
  /** Where clusters are kept ({@link clustersFolder}). */
  readonly folder: string;
  /** The documents of a plug-in's version, for `install` and `upgrade`: of a file or folder. Absent: nothing can be installed. */
  readonly locate?: (plugin: string, version: string) => Promise<readonly PluginDocument[]>;
}

/**
 * The plug-ins of the clusters known here as a {@link PluginHost}; a target is a cluster's name. What is changed counts from the cluster's next operation on,
 * or when the plug-in is run by hand. Errors: cluster-unknown, cluster-busy, plugin-not-in-cluster, plugin-of-image, plugin-present, plugins-invalid.
 */
export function clusterPluginHost({ folder: root, locate }: ClusterPluginHostOptions): PluginHost {
  const place = (target: string): ClusterFolder => clusterFolder(root, target);
  const statuses = async (target: string): Promise<readonly InstallationStatus[]> => (await clusterStatus(place(target))).plugins;
  const change = async (
    target: string,
    plugin: string,
    given: PluginDocument["given"],
    reason: string,
    dryRun: boolean,
  ): Promise<HostPlan> => {
    const { cluster } = await requireState(place(target));
    const before = requirePlugin({ cluster } as Parameters<typeof requirePlugin>[0], plugin);
    if (!dryRun) await changePlugin(place(target), plugin, given);
    const same = Object.entries(given).every(
      ([field, value]) => JSON.stringify(before[field as keyof typeof before]) === JSON.stringify(value),
    );
    return same ? planOf("none", `${plugin} is so already.`) : planOf("hot", reason);
  };
  const put = async (target: string, plugin: string, version: string, values: object, dryRun: boolean): Promise<HostPlan> => {
    const documents = await locate?.(plugin, version);
    const own = documents?.find(({ name }) => name === plugin);
    if (own === undefined) throw clusterErrors["plugin-version-unknown"]({ plugin, version });
    const document =
      Object.keys(values).length === 0 ? own : { ...own, given: { ...own.given, values: { ...own.given.values, ...values } } };
    const merged = mergePlugins([], [document]);
    if (!merged.ok) throw clusterErrors["plugin-version-unknown"]({ plugin, version }, { problems: merged.problems });
    if (!dryRun) {
      await changeState(place(target), (state) => ({
        ...state,
        cluster: { ...state.cluster, plugins: [...state.cluster.plugins.filter(({ name }) => name !== plugin), ...merged.value] },
        clusterfile: { ...state.clusterfile, plugins: [...state.clusterfile.plugins.filter(({ name }) => name !== plugin), document] },
      }));
    }
    return planOf("hot", `${plugin} runs from the next operation on, at: ${merged.value.flatMap(({ phases }) => phases).join(", ")}.`);
  };
  return {
    layer: "cluster",
    list: async () => (await Promise.all((await clusterNames(root)).map(statuses))).flat(),
    inspect: async (target, plugin) => {
      requirePlugin(await requireState(place(target)), plugin);
      return (await statuses(target)).find((status) => status.plugin === plugin) as InstallationStatus;
    },
    install: async ({ plugin, version, target, values }, dryRun) => {
      const { cluster } = await requireState(place(target));
      if (cluster.plugins.some(({ name }) => name === plugin)) throw clusterErrors["plugin-present"]({ plugin, cluster: target });
      return put(target, plugin, version, values, dryRun);
    },
    enable: (target, plugin, dryRun) => change(target, plugin, { disabled: false }, `${plugin} runs again at its phases.`, dryRun),
    disable: (target, plugin, dryRun) => change(target, plugin, { disabled: true }, `${plugin} no longer runs at its phases.`, dryRun),
    configure: (target, plugin, values, dryRun) => change(target, plugin, { values }, `${plugin} has new settings.`, dryRun),
    upgrade: async (target, plugin, version, dryRun) => {
      requireOwn(requirePlugin(await requireState(place(target)), plugin), target);
      return put(target, plugin, version, {}, dryRun);
    },
    rollback: async (target, plugin) => {
      requirePlugin(await requireState(place(target)), plugin);
      throw clusterErrors["plugin-of-image"]({ plugin, cluster: target });
    },
    uninstall: async (target, plugin, dryRun) => {
      requireOwn(requirePlugin(await requireState(place(target)), plugin), target);
      if (!dryRun) {
        await changeState(place(target), (state) => ({
          ...state,
          cluster: { ...state.cluster, plugins: state.cluster.plugins.filter(({ name }) => name !== plugin) },
          clusterfile: { ...state.clusterfile, plugins: state.clusterfile.plugins.filter(({ name }) => name !== plugin) },
        }));
      }
      return planOf("hot", `${plugin} no longer belongs to the cluster; what it has done stays.`);
    },
    logs: (target, plugin, signal) => logLines(place(target), plugin, signal),
  };
}

function requireOwn({ name, origin, overrides }: ReturnType<typeof requirePlugin>, cluster: string): void {
  if (origin.from === "image" || overrides !== undefined) throw clusterErrors["plugin-of-image"]({ plugin: name, cluster });
}

/** What a plug-in has printed in the last run in which it ran, host by host. */
async function* logLines(folder: ClusterFolder, plugin: string, signal: AbortSignal): AsyncGenerator<string> {
  for (const run of (await runNames(folder)).toReversed()) {
    const { record, folder: place } = await readRun(folder, run);
    const tasks = record.tasks().filter(({ task, log }) => log !== undefined && task.split("/")[1] === plugin);
    if (tasks.length === 0) continue;
    for (const { log, host } of tasks) {
      const path = join(place.path, log ?? "");
      if ((await stat(path).catch(() => undefined)) === undefined) continue;
      for await (const line of createInterface({ input: createReadStream(path), signal })) yield `${host} | ${line}`;
    }
    return;
  }
}

function planOf(kind: HostPlan["changes"][number]["kind"], reason: string): HostPlan {
  return { changes: [{ kind, reason }] };
}
