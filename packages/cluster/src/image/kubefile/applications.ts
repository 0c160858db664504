import { posix } from "node:path";
import type { FileTree } from "@outrigger/registry";
import type { ImageApplication } from "../image-record.ts";
import type { Application, StageNotes } from "./notes.ts";

/** Where an application's files are, as Sealer has it. */
export function applicationFolder(name: string): string {
  return `application/apps/${name}`;
}

/** What went wrong, in words, with its line. */
export interface ApplicationFault {
  readonly line: number;
  readonly message: string;
  readonly hint: string;
}

/** Every application with its commands. A fault where nothing says how one is started. */
export function startedApplications(notes: StageNotes, tree: FileTree): readonly ImageApplication[] | ApplicationFault {
  const all: ImageApplication[] = [];
  for (const application of notes.applications.values()) {
    const { name, commands, inherited, env, line } = application;
    if (inherited && commands !== undefined) {
      all.push({ name, commands: Object.keys(env).length === 0 ? commands : commands.map((each) => `${exports(env)}${each}`) });
      continue;
    }
    const own = commands ?? usualCommands(name, tree);
    if (own === undefined) {
      const message = `Nothing says how ${name} is started: its files are neither a chart, nor YAML alone, nor scripts (*.sh).`;
      return { line, message, hint: `Say it with APPCMDS ${name} ["..."].` };
    }
    all.push({ name, commands: own.map((command) => `cd ${applicationFolder(name)} && ${exports(env)}${command}`) });
  }
  return all;
}

/** The commands of the applications that LAUNCH names. */
export function launchedCommands(names: readonly string[], applications: readonly ImageApplication[]): readonly string[] {
  return names.flatMap((name) => applications.find((each) => each.name === name)?.commands ?? []);
}

function usualCommands(name: Application["name"], tree: FileTree): readonly string[] | undefined {
  const folder = applicationFolder(name);
  const files = tree.entries
    .filter(({ path, kind }) => path.startsWith(`${folder}/`) && kind !== "directory")
    .map(({ path }) => path.slice(folder.length + 1));
  if (files.includes("Chart.yaml")) return [`helm upgrade --install ${name} .`];
  if (files.length > 0 && files.every((path) => /\.ya?ml$/i.test(path))) return ["kubectl apply -R -f ."];
  const scripts = files.filter((path) => posix.extname(path) === ".sh" && !path.includes("/"));
  return scripts.length === 0 ? undefined : scripts.map((path) => `bash ${quoted(path)}`);
}

function exports(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${quoted(value)} && `)
    .join("");
}

/** A word as a POSIX shell reads it back. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
