import { watch } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type InstallationStatus, isOutriggerError, type Problem } from "@outrigger/plugin";
import { isRoot, pluginUser } from "@outrigger/sdk/process";
import { createDispatcher } from "../hooks/create-dispatcher.ts";
import type { PluginSource } from "../hooks/dispatcher.ts";
import { reasonOf } from "../hooks/failures.ts";
import type { TraceSink } from "../hooks/traces.ts";
import { type LogFile, logLines, openLogFile } from "../log-file.ts";
import { readInstalled } from "./installed.ts";
import type { KeepOptions } from "./keep-running.ts";
import { type LoadedSet, loadSet } from "./load-set.ts";
import { countUses, createSet, type PluginSet } from "./plugin-set.ts";
import { prepareState, stateFolder } from "./state-folder.ts";

export interface PluginSourceOptions {
  /** `--plugins`. */
  readonly folder: string;
  /** `--state`. */
  readonly state: string;
  readonly traces?: TraceSink;
  /** False: only `reload` looks at the folder again. */
  readonly watch?: boolean;
  /** Milliseconds until a new plug-in has to be healthy. */
  readonly patience?: number;
  readonly keep?: KeepOptions;
  /** Told after each reload that the folder itself caused, and when a plug-in's state changes. */
  readonly changed?: () => void;
}

/** What came of looking at the folder again. */
export interface ReloadOutcome {
  readonly at: string;
  readonly ok: boolean;
  /** Why not; then everything runs as before. */
  readonly message?: string;
  readonly problems?: readonly Problem[];
}

export interface EnginePluginStatus extends InstallationStatus {
  /** Of its content: what runs, where it runs. */
  readonly digest?: string;
  readonly isolation?: string;
  readonly hooks?: readonly string[];
  readonly pid?: number;
}

export interface EnginePluginSource extends PluginSource {
  /** Makes what runs what the folder says; where that is not possible, everything stays and the outcome says why. */
  readonly reload: () => Promise<ReloadOutcome>;
  readonly status: () => Promise<{ readonly plugins: readonly EnginePluginStatus[]; readonly reload: ReloadOutcome }>;
  readonly logs: (name: string) => AsyncIterable<string>;
  /** Where a plug-in's output goes; for what runs on its behalf. */
  readonly logOf: (name: string) => LogFile;
  /** The user that processes on a plug-in's behalf run as; undefined: the gateway's own. */
  readonly userOf: (name: string) => number | undefined;
  /** Ends every plug-in, once the leases are released, or when `grace` milliseconds (10,000) are over. */
  readonly close: (grace?: number) => Promise<void>;
}

/**
 * The plug-ins of a folder, kept running and kept up with it.
 * @throws settings-invalid, folder-unreadable, plugin-start-failed when the gateway can't begin with it
 */
export async function createPluginSource(options: PluginSourceOptions): Promise<EnginePluginSource> {
  const { folder, traces, patience = 30_000, changed } = options;
  const state = stateFolder(options.state);
  prepareState(state);
  const logs = new Map<string, LogFile>();
  const logOf = (name: string): LogFile => {
    const log = logs.get(name) ?? openLogFile(join(state.logs, `${name}.log`));
    logs.set(name, log);
    return log;
  };
  const uses = countUses();
  let loaded: LoadedSet = { plugins: [], members: [] };
  const load = (starting: boolean): Promise<LoadedSet> =>
    loadSet({ folder, state, patience, logOf, current: loaded, starting, keep: { ...options.keep, changed: stateChanged } });
  const setOf = (next: LoadedSet): PluginSet =>
    createSet(
      createDispatcher(next.members, traces),
      next.plugins.map(({ running }) => running),
      uses,
    );

  let current = setOf(loaded);
  let outcome: ReloadOutcome = { at: new Date().toISOString(), ok: true };
  let closed = false;
  let queue: Promise<unknown> = Promise.resolve();
  const retiring = new Set<Promise<void>>();

  const swap = (next: LoadedSet): void => {
    const old = current;
    [current, loaded] = [setOf(next), next];
    const gone: Promise<void> = old.retire().finally(() => retiring.delete(gone));
    retiring.add(gone);
  };
  const reloadNow = async (): Promise<ReloadOutcome> => {
    const at = new Date().toISOString();
    if (closed) return { at, ok: false, message: "The gateway is ending." };
    try {
      swap(await load(false));
      outcome = { at, ok: true };
    } catch (error) {
      outcome = {
        at,
        ok: false,
        message: isOutriggerError(error) ? error.message : reasonOf(error),
        ...(isOutriggerError(error) ? { problems: error.problems } : {}),
      };
    }
    return outcome;
  };
  const reload = (): Promise<ReloadOutcome> => {
    const next = queue.then(reloadNow);
    queue = next;
    return next;
  };
  /** A plug-in that did not start with the gateway and runs now brings what it says of itself. */
  function stateChanged(): void {
    changed?.();
    const late = loaded.plugins.some(({ described, running }) => !described && running.description() !== undefined);
    if (late) void reload().then(() => changed?.());
  }

  swap(await load(true));
  const stopWatching = options.watch === false ? () => {} : watchFolder(folder, () => void reload().then(() => changed?.()));
  return {
    lease: () => current.lease(),
    current: () => current.dispatcher,
    reload,
    status: async () => ({ plugins: await statusOf(folder, loaded), reload: outcome }),
    logs: (name) => logLines(join(state.logs, `${name}.log`)),
    logOf,
    userOf: (name) => {
      const root = loaded.plugins.find(({ setting }) => setting.plugin === name)?.manifest.spec.engine.privileges.runAsRoot === true;
      return isRoot() && !root ? pluginUser(state.root, name) : undefined;
    },
    close: async (grace = 10_000) => {
      closed = true;
      stopWatching();
      await queue;
      const over = new AbortController();
      const drained = Promise.all([current.retire(), ...retiring]);
      await Promise.race([drained, sleep(grace, undefined, { signal: over.signal }).catch(() => {})]);
      over.abort();
      await Promise.all(uses.all().map((running) => running.stop()));
      await Promise.all([...logs.values()].map((log) => log.flush()));
      await rm(state.run, { recursive: true, force: true });
    },
  };
}

/** Calls back when the folder has changed and nothing has happened in it for a moment. */
function watchFolder(folder: string, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(changed, 300);
  });
  watcher.on("error", () => {}); // a folder that vanishes is told of by the next reload
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

async function statusOf(folder: string, { plugins: loaded }: LoadedSet): Promise<readonly EnginePluginStatus[]> {
  const { plugins } = await readInstalled(folder);
  const names = [...new Set([...plugins.map(({ name }) => name), ...loaded.map(({ setting }) => setting.plugin)])].sort();
  return names.map((plugin): EnginePluginStatus => {
    const runs = loaded.find(({ setting }) => setting.plugin === plugin);
    const found = plugins.find(({ name }) => name === plugin);
    const manifest = runs?.manifest ?? found?.manifest;
    const about = {
      plugin,
      version: manifest?.metadata.version ?? "unknown",
      target: "engine",
      ...(manifest === undefined
        ? {}
        : { isolation: manifest.spec.engine.isolation, hooks: manifest.spec.engine.hooks.map(({ hook }) => hook) }),
    };
    if (runs !== undefined) return { ...about, digest: runs.digest, ...runs.running.status() };
    const reason = found?.problems[0]?.message;
    return {
      ...about,
      state: found?.setting?.enabled === true ? "installed" : "disabled",
      failures: 0,
      ...(reason === undefined ? {} : { reason }),
    };
  });
}
