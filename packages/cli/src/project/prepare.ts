import { type Application, manifestInvalid, type Problem } from "@outrigger/plugin";
import type { ApplicationRequest } from "@outrigger/server";
import type { PluginApi } from "../api/api.ts";
import { composeProject, type KnownPlugin } from "./check-project.ts";
import { type Project, readProject } from "./project.ts";
import { findRemotePlugins } from "./remote-plugins.ts";
import { resolveSecrets } from "./secrets.ts";

/** An app.yaml that passed every check that needs no server. */
export interface PreparedProject {
  readonly project: Project;
  readonly team: string;
  /** With the secrets' texts: never to be shown. */
  readonly application: Application;
}

/**
 * Reads and checks app.yaml, its plug-ins' files, values and secrets.
 *
 * @throws manifest-invalid with every mistake, file-unreadable
 */
export function prepareProject(file: string, team: { readonly name: string; readonly given: boolean }): PreparedProject {
  const project = readProject(file);
  const chosen = team.given ? team.name : (project.team ?? team.name);
  const secrets = resolveSecrets(project);
  refuse(file, [...composeProject(project, project.plugins, chosen).problems, ...secrets.problems]);
  return { project, team: chosen, application: secrets.application };
}

/** Checks what hangs on plug-ins that only the server knows, and pins every plug-in to its version. @throws manifest-invalid */
export async function toRequest({ project, team, application }: PreparedProject, api: PluginApi): Promise<ApplicationRequest> {
  const remote = await findRemotePlugins(project, api);
  refuse(project.file, remote.problems);
  const known = new Map<string, KnownPlugin>([...project.plugins, ...remote.plugins]);
  refuse(project.file, composeProject(project, known, team).problems);
  const components = application.spec.components.map((component) => ({
    ...component,
    plugins: component.plugins.map((use) => ({ ...use, plugin: pinned(known.get(use.plugin), use.plugin) })),
  }));
  return { components };
}

/** @throws manifest-invalid when there is any problem */
export function refuse(file: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw manifestInvalid(file, problems);
}

function pinned(plugin: KnownPlugin | undefined, reference: string): string {
  return plugin === undefined ? reference : `${plugin.manifest.metadata.name}@${plugin.manifest.metadata.version}`;
}
