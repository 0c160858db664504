import type { Component, PlainProblem, PodPluginManifest, Problem, StoredValues } from "@outrigger/plugin";
import { compose, type Pod } from "@outrigger/pod";
import type { Project } from "./project.ts";

/** A plug-in as the check and `render` need it. */
export interface KnownPlugin {
  readonly manifest: PodPluginManifest;
  readonly image?: string;
}

export interface ComposedProject {
  readonly pods: readonly Pod[];
  /** Every mistake that composing shows, placed in app.yaml. */
  readonly problems: readonly Problem[];
}

/** Composes every component with the plug-ins that are known; the others are left out. */
export function composeProject(project: Project, known: ReadonlyMap<string, KnownPlugin>, team: string): ComposedProject {
  const { application, source } = project;
  const pods: Pod[] = [];
  const problems: Problem[] = [];
  for (const [at, component] of application.spec.components.entries()) {
    const uses = component.plugins.flatMap((use, index) => {
      const plugin = known.get(use.plugin);
      return plugin === undefined ? [] : [{ use, index, plugin }];
    });
    const result = compose({
      team,
      application: application.metadata.name,
      component,
      ...(component.image === undefined ? { image: builtImage(`${application.metadata.name}-${component.name}`, "latest") } : {}),
      installations: uses.map(({ use, plugin }) => ({
        plugin: plugin.manifest.metadata.name,
        version: plugin.manifest.metadata.version,
        spec: plugin.manifest.spec,
        image: plugin.image ?? imageOf(plugin.manifest),
        values: use.values as StoredValues,
        enabled: use.enabled,
        // Only a server gives these.
        instance: "not-installed-yet",
        revision: 1,
        ...(use.resources === undefined ? {} : { resources: use.resources }),
        ...(use.mounts === undefined ? {} : { mounts: use.mounts }),
      })),
      downstream: downstreamOf(component, application.spec.components),
    });
    if (result.ok) pods.push(result.pod);
    else {
      const indexes = uses.map(({ index }) => index);
      problems.push(...result.problems.map((problem) => source.place(inApplication(problem, at, indexes))));
    }
  }
  return { pods, problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

/** The name that a built image is shown under where no engine has given it an address. */
function imageOf({ metadata, spec }: PodPluginManifest): string {
  return spec.pod.source.image ?? builtImage(metadata.name, metadata.version);
}

function builtImage(name: string, tag: string): string {
  return `${name}:${tag}`;
}

function downstreamOf(component: Component, all: readonly Component[]): { component: string; ports: Component["ports"] }[] {
  return component.dependsOn.flatMap((name) =>
    all.filter((other) => other.name === name).map((other) => ({ component: other.name, ports: other.ports })),
  );
}

/** compose() counts only the installations it was given; the file counts all. */
function inApplication(problem: PlainProblem, component: number, indexes: readonly number[]): PlainProblem {
  const [head, index, ...rest] = problem.path;
  const path = head === "plugins" && typeof index === "number" ? [head, indexes[index] ?? index, ...rest] : problem.path;
  return { ...problem, path: ["spec", "components", component, ...path] };
}
