import { isOutriggerError, isPodPlugin, nearest, type PodPluginManifest, type Problem, parseReference } from "@outrigger/plugin";
import type { PluginApi } from "../api/api.ts";
import { newestBuilt } from "../newest-built.ts";
import { type Project, pluginUses } from "./project.ts";

/** A built version that only the server knows. */
export interface RemotePlugin {
  readonly manifest: PodPluginManifest;
  readonly image: string;
}

/** Asks the server for the plug-ins whose files are not here; those it does not know, or has not built, are problems. */
export async function findRemotePlugins(
  project: Project,
  api: PluginApi,
): Promise<{ readonly plugins: ReadonlyMap<string, RemotePlugin>; readonly problems: readonly Problem[] }> {
  const plugins = new Map<string, RemotePlugin>();
  const problems: Problem[] = [];
  for (const { reference, path } of pluginUses(project.application)) {
    if (project.plugins.has(reference) || plugins.has(reference)) continue;
    const found = await findRemote(api, reference);
    if (typeof found !== "string") plugins.set(reference, found);
    else {
      problems.push(
        project.source.place({
          path: [...path, "plugin"],
          code: "unknown-reference",
          message: `There is no plug-in ${reference} in plugins/ beside this file, in the catalogue, or built on the server.`,
          found: reference,
          hint: found,
        }),
      );
    }
  }
  return { plugins, problems };
}

/** The newest built version, or the one named; else a hint at what there is. */
async function findRemote(api: PluginApi, reference: string): Promise<RemotePlugin | string> {
  const { name, version } = parseReference(reference);
  const resource = await unlessMissing(api.plugin(name));
  if (resource === undefined) return hintAt(name, await api.plugins());
  const built = resource.versions.filter(({ state }) => state === "built").map((each) => each.version);
  const chosen = version === undefined ? newestBuilt(resource) : built.find((each) => each === version);
  if (chosen === undefined)
    return built.length === 0 ? `No version of ${name} is built.` : `Built versions of ${name}: ${built.join(", ")}.`;
  const { manifest, image } = await api.version(name, chosen);
  if (!isPodPlugin(manifest)) return `${name} attaches to the layer ${manifest.spec.layer}, so no component can use it.`;
  return { manifest, image: image ?? name };
}

function hintAt(name: string, plugins: readonly { readonly name: string }[]): string {
  const meant = nearest(
    name,
    plugins.map((plugin) => plugin.name),
  );
  return meant === undefined
    ? `Write plugins/${name}/plugin.yaml: \`outrigger plugin init ${name}\`.`
    : `Did you mean ${JSON.stringify(meant)}?`;
}

/** The answer, or undefined for 404. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isOutriggerError(error) && error.status === 404) return undefined;
    throw error;
  }
}
