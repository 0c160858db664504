import { dirname, relative } from "node:path";
import {
  type Application,
  asRecord,
  isPodPlugin,
  manifestInvalid,
  type PluginManifest,
  type PodPluginManifest,
  type Problem,
  parseReference,
  readApplication,
  readPluginManifest,
  type SourceDocument,
} from "@outrigger/plugin";
import { pluginFiles } from "../catalogue.ts";
import { readTextFile } from "../read-file.ts";
import { withTemplates } from "./templates.ts";

/** A plug-in whose files are here. */
export interface LocalPlugin {
  /** As the user would name it, from the working folder. */
  readonly file: string;
  readonly folder: string;
  readonly manifest: PodPluginManifest;
  readonly source: SourceDocument;
}

/** An app.yaml with the plug-ins that stand beside it or in the catalogue. */
export interface Project {
  readonly file: string;
  readonly folder: string;
  readonly application: Application;
  readonly source: SourceDocument;
  /** The team that the file itself names. */
  readonly team: string | undefined;
  /** By reference as the file spells it, e.g. `log-collector@1.0.0`. References that only the server may know are absent. */
  readonly plugins: ReadonlyMap<string, LocalPlugin>;
}

/** Reads app.yaml alone. @throws manifest-invalid, file-unreadable */
export function readApplicationFile(file: string): Pick<Project, "application" | "source" | "team"> {
  const reading = readApplication(readTextFile(file), file);
  if (!reading.ok) throw manifestInvalid(file, reading.problems);
  const { value: application, source } = reading.value;
  const team = asRecord(asRecord(source.value)["metadata"])["team"];
  return { application, source, team: typeof team === "string" ? team : undefined };
}

/** Reads app.yaml and every plugin.yaml it names. @throws manifest-invalid with every mistake of all files, file-unreadable */
export function readProject(file: string): Project {
  const own = readApplicationFile(file);
  const folder = dirname(file);
  const { plugins, problems } = findPlugins(own.application, folder);
  if (problems.length > 0) throw manifestInvalid(problems[0]?.file ?? file, problems);
  return { ...own, file, folder, plugins };
}

/** Reads one plugin.yaml of the pod layer. @throws manifest-invalid, file-unreadable */
export function readLocalPlugin(file: string): LocalPlugin {
  const result = tryPlugin(file);
  if ("problems" in result) throw manifestInvalid(file, result.problems);
  return result;
}

/** Every reference to a plug-in, with where it stands. */
export function* pluginUses(application: Application): Generator<{ readonly reference: string; readonly path: readonly PropertyKey[] }> {
  for (const [at, component] of application.spec.components.entries()) {
    for (const [index, use] of component.plugins.entries()) {
      yield { reference: use.plugin, path: ["spec", "components", at, "plugins", index] };
    }
  }
}

interface Found {
  readonly plugins: ReadonlyMap<string, LocalPlugin>;
  readonly problems: readonly Problem[];
}

function findPlugins(application: Application, folder: string): Found {
  const plugins = new Map<string, LocalPlugin>();
  const problems = new Map<string, readonly Problem[]>();
  for (const { reference } of pluginUses(application)) {
    const { name, version } = parseReference(reference);
    for (const file of pluginFiles(folder, name)) {
      if (plugins.has(reference)) break;
      const shown = relative(process.cwd(), file);
      const result = tryPlugin(shown.startsWith("..") ? file : shown);
      // A file that can't be read can't say its version: its mistakes are told rather than passed over.
      if ("problems" in result) problems.set(file, result.problems);
      else if (version === undefined || result.manifest.metadata.version === version) plugins.set(reference, result);
    }
  }
  return { plugins, problems: [...problems.values()].flat() };
}

function tryPlugin(file: string): LocalPlugin | { readonly problems: readonly Problem[] } {
  const reading = readPluginManifest(readTextFile(file), file);
  if (!reading.ok) return reading;
  const { value, source } = reading.value;
  if (!isPodPlugin(value)) return { problems: [source.place(notForPods(value))] };
  const folder = dirname(file);
  const { manifest, problems } = withTemplates(value, folder);
  return problems.length > 0 ? { problems: problems.map(source.place) } : { file, folder, manifest, source };
}

function notForPods({ metadata, spec }: PluginManifest): Parameters<SourceDocument["place"]>[0] {
  return {
    path: ["spec", "layer"],
    code: "wrong-value",
    message: `${metadata.name} attaches to the layer ${spec.layer}, so no component can use it.`,
    found: spec.layer,
    expected: "pod",
  };
}
