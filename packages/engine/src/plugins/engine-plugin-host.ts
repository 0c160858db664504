import { randomBytes } from "node:crypto";
import { cp, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type EnginePluginManifest,
  enginePrivilegesOf,
  type HostPlan,
  type InstallationStatus,
  type InstallRequest,
  isEnginePlugin,
  type PluginHost,
  readPluginManifest,
} from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import { logLines } from "../log-file.ts";
import { contentDigest, keepVersion, keptVersions } from "./content-digest.ts";
import { type InstalledPlugin, missingGrants, readInstalled, readSettingsText, settingsInvalid } from "./installed.ts";
import { type EntryChange, editEntry, writeSettings } from "./settings-edit.ts";
import { stateFolder } from "./state-folder.ts";

export interface EngineHostOptions {
  /** `--plugins`. */
  readonly folder: string;
  /** `--state`. */
  readonly state: string;
  /** Where the files of a version are. Absent: among the versions that have run before. */
  readonly locate?: (plugin: string, version: string) => Promise<string>;
}

/** Where a plug-in stands among the others; undefined takes back what settings.yaml says, so that the manifest's counts. */
export interface PluginOrder {
  readonly priority?: number | undefined;
  readonly before?: readonly string[] | undefined;
  readonly after?: readonly string[] | undefined;
}

/** The verbs of the engine layer. They write DIR and settings.yaml; a running gateway takes it from there. */
export interface EnginePluginHost extends PluginHost {
  /** A plug-in's manifest and entry as they stand. @throws plugin-unknown */
  readonly installed: (plugin: string) => Promise<InstalledPlugin>;
  readonly order: (target: string, plugin: string, order: PluginOrder, dryRun: boolean) => Promise<HostPlan>;
  /** Grants privileges, beside those granted already. */
  readonly grant: (target: string, plugin: string, grants: "all" | readonly string[], dryRun: boolean) => Promise<HostPlan>;
}

/**
 * The plug-ins of a folder as a {@link PluginHost}. Everything is checked before anything is written.
 * Errors: settings-invalid, plugin-unknown, plugin-present, grants-missing, version-unknown, folder-unreadable.
 */
export function createEnginePluginHost({ folder, state, locate }: EngineHostOptions): EnginePluginHost {
  const { versions, logs } = stateFolder(state);
  const keptPlace = async (
    plugin: string,
    wanted: (manifest: EnginePluginManifest, digest: string) => boolean,
  ): Promise<string | undefined> => {
    for (const digest of await keptVersions(versions, plugin)) {
      const place = join(versions, plugin, digest);
      if (wanted(await manifestOf(place), digest)) return place;
    }
    return undefined;
  };
  const find = async (plugin: string, version: string): Promise<string> => {
    const place =
      locate === undefined ? await keptPlace(plugin, ({ metadata }) => metadata.version === version) : await locate(plugin, version);
    if (place === undefined) throw engineErrors["version-unknown"]({ plugin, version });
    return place;
  };
  const known = async (plugin: string): Promise<InstalledPlugin> => {
    const found = (await readInstalled(folder)).plugins.find(({ name }) => name === plugin);
    if (found === undefined) throw engineErrors["plugin-unknown"]({ plugin, folder });
    return found;
  };
  /** Checks what would come of a change, and unless it is a dry run does it. */
  const change = async (plugin: string, entry: EntryChange, dryRun: boolean, source?: string | null): Promise<void> => {
    const text = editEntry(await readSettingsText(folder), plugin, entry);
    const folders = source === undefined ? {} : { [plugin]: source ?? undefined };
    const { problems } = await readInstalled(folder, { settings: text, folders });
    if (problems.length > 0) throw settingsInvalid(folder, problems);
    if (dryRun) return;
    // A plug-in's files come before its entry and go after it, so that a gateway that looks in between finds nothing amiss.
    if (typeof source === "string") await putFolder(folder, plugin, source, versions);
    await writeSettings(folder, text);
    if (source === null) await rm(join(folder, plugin), { recursive: true });
  };
  const replace = async (plugin: string, source: string, dryRun: boolean): Promise<HostPlan> => {
    const { manifest: old, setting } = await known(plugin);
    const next = await manifestOf(source);
    if (setting?.enabled === true) requireGrants(next, setting.grants);
    await change(plugin, setting === undefined ? null : {}, dryRun, source);
    return planOf(
      "hot",
      `${plugin} goes from ${old?.metadata.version ?? "a broken version"} to ${next.metadata.version}; requests under way end on the old one.`,
    );
  };
  return {
    layer: "engine",
    installed: known,
    list: async () => (await readInstalled(folder)).plugins.map(statusOf),
    inspect: async (_, plugin) => statusOf(await known(plugin)),
    install: async ({ plugin, version, values, grants }: InstallRequest, dryRun) => {
      await mkdir(folder, { recursive: true });
      const present = (await readInstalled(folder)).plugins.find(({ name }) => name === plugin);
      const source = await find(plugin, version);
      const manifest = await manifestOf(source);
      if (present?.setting !== undefined)
        throw engineErrors["plugin-present"]({ plugin, version: present.manifest?.metadata.version ?? "unknown" });
      const granted = grants.includes("all") ? "all" : grants;
      requireGrants(manifest, granted);
      const entry = { enabled: true, grants: granted, ...(Object.keys(values).length === 0 ? {} : { values }) };
      await change(plugin, entry, dryRun, source);
      return planOf(
        "hot",
        `${plugin}@${manifest.metadata.version} starts and is called at: ${manifest.spec.engine.hooks.map(({ hook }) => hook).join(", ")}.`,
      );
    },
    enable: async (_, plugin, dryRun) => {
      await known(plugin);
      await change(plugin, { enabled: true }, dryRun);
      return planOf("hot", `${plugin} starts.`);
    },
    disable: async (_, plugin, dryRun) => {
      const { setting } = await known(plugin);
      if (setting?.enabled !== true) return planOf("none", `${plugin} is off already.`);
      await change(plugin, { enabled: false }, dryRun);
      return planOf("hot", `${plugin} ends when the requests that it sees have ended; it keeps its settings.`);
    },
    configure: async (_, plugin, values, dryRun) => {
      await known(plugin);
      await change(plugin, { values }, dryRun);
      return planOf("hot", `${plugin} is told its new settings; it is not started anew.`);
    },
    order: async (_, plugin, order, dryRun) => {
      await known(plugin);
      await change(plugin, { ...order }, dryRun);
      return planOf("hot", `${plugin} takes its new place; nothing is started anew.`);
    },
    grant: async (_, plugin, grants, dryRun) => {
      const { setting } = await known(plugin);
      const before = setting?.grants ?? [];
      const all = grants === "all" || before === "all" || grants.includes("all");
      await change(plugin, { grants: all ? "all" : [...new Set([...before, ...grants])].sort() }, dryRun);
      return planOf("hot", `${plugin} may do what its manifest asks for.`);
    },
    upgrade: async (_, plugin, version, dryRun) => {
      await known(plugin);
      return replace(plugin, await find(plugin, version), dryRun);
    },
    rollback: async (_, plugin, dryRun) => {
      const current = await contentDigest((await known(plugin)).folder);
      const place = await keptPlace(plugin, (_manifest, digest) => digest !== current);
      if (place === undefined) throw engineErrors["version-unknown"]({ plugin, version: "before this one" });
      return replace(plugin, place, dryRun);
    },
    uninstall: async (_, plugin, dryRun) => {
      await known(plugin);
      await change(plugin, null, dryRun, null);
      return planOf("hot", `${plugin} ends when the requests that it sees have ended; its files and settings go.`);
    },
    logs: (_, plugin, signal) => untilAborted(logLines(join(logs, `${plugin}.log`)), signal),
  };
}

function planOf(kind: HostPlan["changes"][number]["kind"], reason: string): HostPlan {
  return { changes: [{ kind, reason }] };
}

function requireGrants(manifest: EnginePluginManifest, grants: "all" | readonly string[]): void {
  const missing = missingGrants(manifest, grants);
  if (missing.length > 0) throw engineErrors["grants-missing"]({ plugin: manifest.metadata.name, missing: missing.join(", ") });
}

/** The manifest of a plug-in's folder. @throws settings-invalid, folder-unreadable */
export async function manifestOf(place: string): Promise<EnginePluginManifest> {
  const file = join(place, "plugin.yaml");
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw engineErrors["folder-unreadable"]({ path: file, reason: error.message });
  });
  const reading = readPluginManifest(text, file);
  if (!reading.ok) throw settingsInvalid(place, reading.problems);
  if (!isEnginePlugin(reading.value.value))
    throw engineErrors["folder-unreadable"]({ path: file, reason: "it is no plug-in of the layer engine" });
  return reading.value.value;
}

/** What a manifest asks for, as `--grant` names it. */
export function askedPrivileges(manifest: EnginePluginManifest): readonly string[] {
  return enginePrivilegesOf(manifest.spec.engine);
}

/** Puts a plug-in's files into DIR; those that were there are kept among the versions. */
async function putFolder(folder: string, plugin: string, source: string, versions: string): Promise<void> {
  const place = join(folder, plugin);
  const mark = randomBytes(4).toString("hex");
  const [fresh, old] = [join(folder, `.${plugin}.${mark}.new`), join(folder, `.${plugin}.${mark}.old`)];
  await cp(source, fresh, { recursive: true });
  const before = await contentDigest(place).catch(() => undefined);
  if (before === undefined) return rename(fresh, place);
  await keepVersion(versions, plugin, place, before);
  await rename(place, old);
  await rename(fresh, place);
  await rm(old, { recursive: true });
}

function statusOf({ name: plugin, manifest, setting, problems }: InstalledPlugin): InstallationStatus {
  const reason = problems[0]?.message;
  const state = setting?.enabled !== true ? "disabled" : reason === undefined ? "installed" : "failing";
  return {
    plugin,
    version: manifest?.metadata.version ?? "unknown",
    target: "engine",
    state,
    failures: 0,
    ...(reason === undefined ? {} : { reason }),
  };
}

async function* untilAborted(lines: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  for await (const line of lines) {
    if (signal.aborted) return;
    yield line;
  }
}
