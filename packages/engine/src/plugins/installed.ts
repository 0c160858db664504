import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  checkValues,
  countProblems,
  type EnginePluginManifest,
  enginePrivilegesOf,
  isEnginePlugin,
  type PlainProblem,
  type Problem,
  readPluginManifest,
} from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import { type PluginSetting, readEngineSettings, settingsFileName } from "./settings-file.ts";

/** A plug-in's folder in DIR with its entry in settings.yaml, if it has one. */
export interface InstalledPlugin {
  readonly name: string;
  readonly folder: string;
  /** Undefined where its plugin.yaml has mistakes. */
  readonly manifest: EnginePluginManifest | undefined;
  readonly setting: PluginSetting | undefined;
  /** Mistakes of a plug-in that is off; those of one that is on are problems of the whole. */
  readonly problems: readonly Problem[];
}

/** What DIR holds, and every mistake in it that keeps it from being loaded. */
export interface InstalledPlugins {
  readonly plugins: readonly InstalledPlugin[];
  readonly problems: readonly Problem[];
}

/** What is looked at instead of what DIR holds: what a verb is about to make of it. */
export interface Draft {
  /** Text of settings.yaml. */
  readonly settings?: string;
  /** Folders by the plug-in's name; undefined: the plug-in goes. */
  readonly folders?: Readonly<Record<string, string | undefined>>;
}

/** Reads DIR. A folder without an entry in settings.yaml, or with `enabled: false`, is installed but off. */
export async function readInstalled(folder: string, draft: Draft = {}): Promise<InstalledPlugins> {
  const file = join(folder, settingsFileName);
  const text = draft.settings ?? (await readSettingsText(folder));
  const reading = readEngineSettings(text, file);
  const settings = reading.ok ? reading.value.value.plugins : [];
  const place = reading.ok ? reading.value.source.place : undefined;
  const folders = new Map((await foldersOf(folder)).map((name) => [name, join(folder, name)]));
  for (const [name, place] of Object.entries(draft.folders ?? {})) {
    if (place === undefined) folders.delete(name);
    else folders.set(name, place);
  }
  const names = [...folders].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const plugins = await Promise.all(
    names.map(([name, place]) =>
      readOne(
        place,
        name,
        settings.find(({ plugin }) => plugin === name),
      ),
    ),
  );
  const faults = [...settingsProblems(settings, plugins)].map((problem) => place?.(problem)).filter((problem) => problem !== undefined);
  const broken = plugins.flatMap((plugin) => (plugin.setting?.enabled === true ? plugin.problems : []));
  return { plugins, problems: [...(reading.ok ? [] : reading.problems), ...broken, ...faults] };
}

/** The text of settings.yaml; where there is none, one without plug-ins. */
export async function readSettingsText(folder: string): Promise<string> {
  const file = join(folder, settingsFileName);
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "apiVersion: outrigger.dev/v1\nkind: EngineSettings\nplugins: []\n";
    throw engineErrors["folder-unreadable"]({ path: file, reason: error.message });
  });
}

/** The error for a DIR with problems. */
export function settingsInvalid(folder: string, problems: readonly Problem[]): Error {
  return engineErrors["settings-invalid"]({ folder, count: countProblems(problems.length) }, { problems });
}

async function foldersOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => {
    throw engineErrors["folder-unreadable"]({ path: folder, reason: error.message });
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
}

async function readOne(folder: string, name: string, setting: PluginSetting | undefined): Promise<InstalledPlugin> {
  const file = join(folder, "plugin.yaml");
  const rest = { name, folder, setting };
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) {
    const problem: Problem = {
      file,
      line: 0,
      column: 0,
      path: "",
      code: "missing-key",
      message: "The folder has no plugin.yaml that can be read.",
    };
    return { ...rest, manifest: undefined, problems: [problem] };
  }
  const reading = readPluginManifest(text, file);
  if (!reading.ok) return { ...rest, manifest: undefined, problems: reading.problems };
  const { value: manifest, source } = reading.value;
  const problems: PlainProblem[] = [];
  if (manifest.metadata.name !== name) {
    const hint = "Give the folder the plug-in's name.";
    problems.push({
      path: ["metadata", "name"],
      code: "wrong-value",
      message: `The folder is called ${name}.`,
      found: manifest.metadata.name,
      expected: name,
      hint,
    });
  }
  if (!isEnginePlugin(manifest)) {
    problems.push({
      path: ["spec", "layer"],
      code: "wrong-value",
      message: "The engine gateway runs plug-ins of the layer engine.",
      found: manifest.spec.layer,
      expected: "engine",
    });
    return { ...rest, manifest: undefined, problems: problems.map(source.place) };
  }
  return { ...rest, manifest, problems: problems.map(source.place) };
}

function* settingsProblems(settings: readonly PluginSetting[], plugins: readonly InstalledPlugin[]): Generator<PlainProblem> {
  const seen = new Set<string>();
  const names = plugins.map(({ name }) => name);
  for (const [index, setting] of settings.entries()) {
    const path = ["plugins", index];
    const { plugin } = setting;
    if (seen.has(plugin))
      yield { path: [...path, "plugin"], code: "duplicate-name", message: `The plug-in ${plugin} stands twice.`, found: plugin };
    seen.add(plugin);
    const installed = plugins.find(({ name }) => name === plugin);
    if (installed === undefined) yield unknown([...path, "plugin"], plugin, names);
    for (const side of ["before", "after"] as const) {
      for (const [at, name] of (setting[side] ?? []).entries()) if (!names.includes(name)) yield unknown([...path, side, at], name, names);
    }
    const manifest = installed?.manifest;
    if (manifest === undefined || !setting.enabled) continue;
    for (const problem of checkValues(manifest.spec.config, setting.values, { ports: [], downstream: [] })) {
      yield { ...problem, path: [...path, "values", ...problem.path] };
    }
    yield* grantProblems([...path, "grants"], setting, manifest);
    for (const hook of Object.keys(setting.failPolicy)) {
      if (manifest.spec.engine.hooks.some((asked) => asked.hook === hook)) continue;
      yield { path: [...path, "failPolicy", hook], code: "unknown-reference", message: `${plugin} does not handle ${hook}.`, found: hook };
    }
  }
}

function* grantProblems(path: readonly PropertyKey[], setting: PluginSetting, manifest: EnginePluginManifest): Generator<PlainProblem> {
  const missing = missingGrants(manifest, setting.grants);
  if (missing.length === 0) return;
  yield {
    path,
    code: "privilege-not-granted",
    message: `${setting.plugin} asks for privileges that are not granted: ${missing.join(", ")}.`,
    found: setting.grants === "all" ? "all" : setting.grants.join(", "),
    expected: enginePrivilegesOf(manifest.spec.engine).join(", "),
    hint: "Add them to its grants, or disable it.",
  };
}

/** Privileges that may be withheld: the plug-in then goes without. */
const optional: readonly string[] = ["client-process"];

export function isGranted(privilege: string, grants: PluginSetting["grants"]): boolean {
  return grants === "all" || grants.includes(privilege);
}

/** What a manifest asks for that is not granted. */
export function missingGrants(manifest: EnginePluginManifest, grants: PluginSetting["grants"]): readonly string[] {
  return enginePrivilegesOf(manifest.spec.engine).filter((privilege) => !optional.includes(privilege) && !isGranted(privilege, grants));
}

function unknown(path: readonly PropertyKey[], name: string, known: readonly string[]): PlainProblem {
  const hint = known.length === 0 ? "There are none." : `There are: ${known.join(", ")}.`;
  return {
    path,
    code: "unknown-reference",
    message: `There is no folder of a plug-in ${name} here.`,
    found: name,
    expected: known.join(", "),
    hint,
  };
}
