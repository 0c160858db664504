import { join } from "node:path";
import { type EnginePluginManifest, type Isolation, type PlainProblem, parseMemory, withoutPosition } from "@outrigger/plugin";
import { type Settings, sameValue } from "@outrigger/sdk";
import { isRoot, pluginUser } from "@outrigger/sdk/process";
import { engineErrors } from "../errors.ts";
import { reasonOf } from "../hooks/failures.ts";
import type { Member } from "../hooks/member.ts";
import { orderPlugins } from "../hooks/order.ts";
import type { LogFile } from "../log-file.ts";
import { buildMember, isRequired } from "./build-member.ts";
import { contentDigest, forgetVersions, keepVersion } from "./content-digest.ts";
import { effectiveSettings } from "./effective-settings.ts";
import { launchInline } from "./inline-host.ts";
import { type InstalledPlugin, readInstalled, settingsInvalid } from "./installed.ts";
import type { Launcher } from "./instance.ts";
import { type KeepOptions, keepRunning, type RunningPlugin } from "./keep-running.ts";
import { launchProcess } from "./process-host.ts";
import { type PluginSetting, settingsFileName } from "./settings-file.ts";
import type { StateFolder } from "./state-folder.ts";
import { launchWorker } from "./worker-host.ts";

const launchers: Readonly<Record<Isolation, Launcher>> = { process: launchProcess, worker: launchWorker, inline: launchInline };

/** A plug-in that is on, with its code as it runs. */
export interface LoadedPlugin {
  readonly manifest: EnginePluginManifest;
  readonly setting: PluginSetting;
  readonly digest: string;
  readonly settings: Settings;
  readonly running: RunningPlugin;
  /** False where it had not said what it handles when the set was made. */
  readonly described: boolean;
}

export interface LoadedSet {
  readonly plugins: readonly LoadedPlugin[];
  /** In their order. */
  readonly members: readonly Member[];
}

export interface Loading {
  readonly folder: string;
  readonly state: StateFolder;
  readonly keep: KeepOptions;
  /** Milliseconds until a new plug-in has to be healthy. */
  readonly patience: number;
  readonly logOf: (name: string) => LogFile;
  /** What runs now; what stays the same is carried over. */
  readonly current: LoadedSet;
  /** True when the gateway starts: then only plug-ins that are required must run. */
  readonly starting: boolean;
}

/**
 * Reads DIR and has every plug-in run that is on. Nothing of what runs is touched unless all is well; the caller ends what is no longer used.
 * @throws settings-invalid, folder-unreadable, plugin-start-failed; what was started for it has then ended again
 */
export async function loadSet(loading: Loading): Promise<LoadedSet> {
  const { plugins, problems } = await readInstalled(loading.folder);
  if (problems.length > 0) throw settingsInvalid(loading.folder, problems);
  const wanted = await Promise.all(plugins.flatMap((plugin) => (isOn(plugin) ? [prepare(loading, plugin)] : [])));
  const file = join(loading.folder, settingsFileName);
  const { cycle } = orderPlugins(
    wanted.map(({ manifest, setting }) => {
      const { before, after, priority } = { ...manifest.spec.engine, ...setting };
      return { name: setting.plugin, before, after, priority };
    }),
  );
  if (cycle.length > 0) {
    const problem: PlainProblem = {
      path: ["plugins"],
      code: "cycle",
      message: `before and after go round in a circle: ${cycle.join(", ")}.`,
      hint: "Remove one of them.",
    };
    throw settingsInvalid(loading.folder, [withoutPosition(problem, file)]);
  }
  const fresh: RunningPlugin[] = [];
  try {
    const loaded = await Promise.all(wanted.map((plugin) => bring(loading, plugin, fresh)));
    const members = orderPlugins(loaded.map((plugin) => memberOf(loading, plugin))).ordered;
    await configureAll(loading.current, loaded);
    for (const { setting } of loaded) await forgetVersions(loading.state.versions, setting.plugin, 5);
    return { plugins: loaded, members };
  } catch (error) {
    await Promise.all(fresh.map((running) => running.stop()));
    throw error;
  }
}

type Prepared = Omit<LoadedPlugin, "running" | "described"> & { readonly place: string };

function isOn(
  plugin: InstalledPlugin,
): plugin is InstalledPlugin & { readonly manifest: EnginePluginManifest; readonly setting: PluginSetting } {
  return plugin.setting?.enabled === true && plugin.manifest !== undefined;
}

async function prepare(
  { folder, state }: Loading,
  { name, folder: source, manifest, setting }: InstalledPlugin & Pick<LoadedPlugin, "manifest" | "setting">,
): Promise<Prepared> {
  const digest = await contentDigest(source);
  const place = await keepVersion(state.versions, name, source, digest);
  return { manifest, setting, digest, place, settings: await effectiveSettings(folder, manifest.spec.config, setting.values) };
}

/** The plug-in as it runs: the one that does already, or a new one that is healthy. */
async function bring(loading: Loading, { place, ...plugin }: Prepared, fresh: RunningPlugin[]): Promise<LoadedPlugin> {
  const { manifest, setting, digest, settings } = plugin;
  const old = loading.current.plugins.find((other) => other.setting.plugin === setting.plugin && other.digest === digest);
  if (old !== undefined) return { ...plugin, running: old.running, described: old.running.description() !== undefined };
  const { engine } = manifest.spec;
  const name = setting.plugin;
  const launch = {
    name,
    folder: place,
    ...(engine.entry === undefined ? {} : { entry: engine.entry }),
    ...(engine.command === undefined ? {} : { command: engine.command }),
    isolation: engine.isolation,
    memory: parseMemory(engine.memory) ?? 0,
    user: isRoot() && !engine.privileges.runAsRoot ? pluginUser(loading.state.root, name) : undefined,
    run: loading.state.run,
    settings,
    patience: loading.patience,
    log: loading.logOf(name).write,
  };
  const running = keepRunning(launchers[engine.isolation], launch, loading.keep);
  fresh.push(running);
  try {
    await running.described;
  } catch (error) {
    if (!loading.starting || isRequired(manifest, setting)) throw startFailed(plugin, error);
  }
  return { ...plugin, running, described: running.description() !== undefined };
}

function memberOf({ current }: Loading, plugin: LoadedPlugin): Member {
  try {
    const member = buildMember(plugin.manifest, plugin.setting, plugin.running);
    const old = current.plugins.some(({ running }) => running === plugin.running)
      ? current.members.find(({ name }) => name === member.name)
      : undefined;
    return old === undefined ? member : { ...member, breaker: old.breaker };
  } catch (error) {
    throw startFailed(plugin, error);
  }
}

/** Tells those that go on their new settings; where one does not take them, all keep the old ones. */
async function configureAll(current: LoadedSet, loaded: readonly LoadedPlugin[]): Promise<void> {
  const told: LoadedPlugin[] = [];
  for (const plugin of loaded) {
    const old = current.plugins.find(({ running }) => running === plugin.running);
    if (old === undefined || sameValue(old.settings, plugin.settings)) continue;
    try {
      told.push(old);
      await plugin.running.configure(plugin.settings);
    } catch (error) {
      for (const { running, settings } of told) await running.configure(settings).catch(() => {});
      throw startFailed(plugin, error, "it did not take its new settings: ");
    }
  }
}

function startFailed({ manifest }: Pick<LoadedPlugin, "manifest">, error: unknown, before = ""): Error {
  const { name, version } = manifest.metadata;
  return engineErrors["plugin-start-failed"]({ plugin: name, version, reason: `${before}${reasonOf(error)}` }, { cause: error });
}
