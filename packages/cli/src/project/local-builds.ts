import { join } from "node:path";
import type { Component, DockerfileSource, Problem, SourceDocument } from "@outrigger/plugin";
import type { BuildResource, VersionResource } from "@outrigger/server";
import type { ApplicationApi, PluginApi } from "../api/api.ts";
import { type PackedContext, packContext } from "../context-tar.ts";
import type { LocalPlugin, Project } from "./project.ts";
import { unlessMissing } from "./remote-plugins.ts";

/** One image to be built, or found to be built already. */
export interface LocalBuild {
  /** `plugin NAME@VERSION` or `component NAME`. */
  readonly subject: string;
  /** Undefined: it is built already, and from these very files. */
  readonly start: (() => Promise<BuildResource>) | undefined;
}

/** What must be built before the application can run. Nothing is changed yet; fixed versions whose files differ are problems. */
export async function planLocalBuilds(
  project: Project,
  api: PluginApi & ApplicationApi,
  stack: AsyncDisposableStack,
): Promise<{ readonly builds: readonly LocalBuild[]; readonly problems: readonly Problem[] }> {
  const plugins = new Map([...project.plugins.values()].map((plugin) => [plugin.file, plugin]));
  const planned = [...plugins.values()].map((plugin) => planPluginBuild(plugin, api, stack));
  const components = project.application.spec.components.flatMap((component) =>
    component.build === undefined ? [] : [planComponentBuild(project, component, component.build, api, stack)],
  );
  const results = await Promise.all([...planned, ...components]);
  return {
    builds: results.flatMap((result) => ("subject" in result ? [result] : [])),
    problems: results.flatMap((result) => ("subject" in result ? [] : [result])),
  };
}

/** Compares a plug-in's files with the version on the server. */
export async function planPluginBuild(plugin: LocalPlugin, api: PluginApi, stack: AsyncDisposableStack): Promise<LocalBuild | Problem> {
  const { name, version } = plugin.manifest.metadata;
  const subject = `plugin ${name}@${version}`;
  const existing = await unlessMissing(api.version(name, version));
  const context = await contextOf(plugin.folder, plugin.manifest.spec.pod.source.dockerfile, stack);
  if (existing?.fixed === true) {
    const changed = whatChanged(plugin, existing, context);
    return changed === undefined ? { subject, start: undefined } : fixedProblem(plugin.source, subject, changed);
  }
  const running = existing?.state === "building" ? existing.lastBuild : undefined;
  if (running !== undefined) return { subject, start: () => api.build(running) };
  const start = async (): Promise<BuildResource> => {
    await api.createVersion(plugin.manifest);
    return api.buildVersion(name, version, await context?.blob());
  };
  return { subject, start };
}

async function planComponentBuild(
  project: Project,
  component: Component,
  source: DockerfileSource,
  api: ApplicationApi,
  stack: AsyncDisposableStack,
): Promise<LocalBuild> {
  const subject = `component ${component.name}`;
  const target = { application: project.application.metadata.name, component: component.name };
  const context = await contextOf(project.folder, source, stack);
  const existing = await unlessMissing(api.component(target));
  const same = existing?.image !== undefined && existing.contextDigest === context?.digest && isSame(existing.spec.build, source);
  if (same || context === undefined) return { subject, start: undefined };
  const args = Object.entries(source.args ?? {}).map(([name, value]) => ["arg", `${name}=${value}`] as const);
  const stage = source.target === undefined ? [] : [["target", source.target] as const];
  return { subject, start: async () => api.buildComponent(target, await context.blob(), [["file", source.file], ...stage, ...args]) };
}

async function contextOf(
  folder: string,
  source: DockerfileSource | undefined,
  stack: AsyncDisposableStack,
): Promise<PackedContext | undefined> {
  return source === undefined ? undefined : stack.use(await packContext(join(folder, source.context), source.file));
}

function whatChanged(plugin: LocalPlugin, existing: VersionResource, context: PackedContext | undefined): string | undefined {
  if (!isSame(plugin.manifest, existing.manifest)) return "plugin.yaml";
  return context !== undefined && context.digest !== existing.contextDigest ? "the files it is built from" : undefined;
}

function fixedProblem(source: SourceDocument, subject: string, changed: string): Problem {
  return source.place({
    path: ["metadata", "version"],
    code: "conflict",
    message: `The ${subject} is built and therefore fixed, but ${changed} changed since.`,
    hint: "Bump metadata.version (and the version that app.yaml names): a built version can never change.",
  });
}

/** Equal as JSON, whatever the order of keys. */
function isSame(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ""
  );
}
