import type { Component, PluginManifest, PodPluginSpec, Port } from "@outrigger/plugin";
import { type Composition, compose, type DiscoveryPorts, type PodInstallation } from "@outrigger/pod";
import type { PodRuntime } from "@outrigger/runtime";
import { serverErrors } from "../errors.ts";
import { componentImages } from "../store/builds.ts";
import { componentsOf } from "../store/components.ts";
import type { Database } from "../store/database.ts";
import { type InstalledVersion, installedVersions } from "../store/installations.ts";
import type { ComponentRow } from "../store/tables.ts";
import { endpointsOf } from "./endpoints.ts";

export interface DesiredInstallation extends PodInstallation {
  readonly origin: "file" | "api";
  /** The version that ran before this one, to which a rollback returns. */
  readonly previousVersion?: string;
}

/** A component as it shall run; its spec names no plug-ins, the installations do. */
export interface DesiredComponent {
  readonly component: Component;
  /** Built here; absent while `component.build` has not been built. */
  readonly image?: string;
  readonly installations: readonly DesiredInstallation[];
}

/** What the store says of an application's components. */
export interface StoredApplication {
  readonly desired: readonly DesiredComponent[];
  readonly rows: readonly ComponentRow[];
}

/** Stands for an image that is still to be built, where a pod is only planned. */
export const unbuiltImage = "not-built-yet";

export async function loadApplication(db: Database, team: string, application: string): Promise<StoredApplication> {
  const rows = await componentsOf(db, team, application);
  const images = await componentImages(db, team, application);
  const installed = Map.groupBy(await installedVersions(db, team, application), (row) => row.component);
  const specs = specReader();
  const desired = rows
    .filter((row) => row.wish === "run" || row.wish === "restart")
    .map((row): DesiredComponent => {
      const image = images.get(row.name)?.image;
      return {
        component: JSON.parse(row.spec) as Component,
        ...(image === undefined ? {} : { image }),
        installations: (installed.get(row.name) ?? []).map((own) => desiredInstallation(own, specs(own))),
      };
    });
  return { desired, rows };
}

/** What composing needs beside the store: the pods that run, and where discovery listens. */
export interface Surroundings {
  readonly runtime: Pick<PodRuntime, "statuses">;
  readonly discoveryPorts: DiscoveryPorts;
}

/** Composes each component with what the others offer it. An image that is not built is a problem, unless `planning`. */
export function composeAll(
  { runtime, discoveryPorts }: Surroundings,
  team: string,
  application: string,
  desired: readonly DesiredComponent[],
  planning = false,
): readonly Composition[] {
  const ports = new Map<string, readonly Port[]>(desired.map(({ component }) => [component.name, component.ports]));
  return desired.map(({ component, image, installations }) => {
    const own = component.build === undefined ? undefined : (image ?? (planning ? unbuiltImage : undefined));
    return compose({
      team,
      application,
      component,
      ...(own === undefined ? {} : { image: own }),
      installations,
      discoveryPorts,
      downstream: component.dependsOn.map((name) => ({
        component: name,
        ports: ports.get(name) ?? [],
        endpoints: endpointsOf(runtime, { team, application, component: name }),
      })),
    });
  });
}

function desiredInstallation(row: InstalledVersion, spec: PodPluginSpec): DesiredInstallation {
  return {
    plugin: row.plugin,
    version: row.version,
    spec,
    image: row.image ?? unbuiltImage,
    values: JSON.parse(row.setting_values),
    instance: row.instance,
    revision: row.revision,
    enabled: row.enabled === 1,
    ...(row.resources === null ? {} : { resources: JSON.parse(row.resources) }),
    ...(row.mounts === null ? {} : { mounts: JSON.parse(row.mounts) }),
    origin: row.origin,
    ...(row.previous_version === null ? {} : { previousVersion: row.previous_version }),
  };
}

/** Many components share few versions: each manifest is parsed once. */
function specReader(): (row: InstalledVersion) => PodPluginSpec {
  const known = new Map<string, PodPluginSpec>();
  return (row) => {
    const key = `${row.plugin}@${row.version}`;
    const spec = known.get(key) ?? podSpecOf(row.manifest, row.plugin);
    known.set(key, spec);
    return spec;
  };
}

/** The spec in the text of a pod plug-in's manifest. */
export function podSpecOf(text: string, plugin: string): PodPluginSpec {
  const { spec } = JSON.parse(text) as PluginManifest;
  if (spec.layer !== "pod") throw serverErrors["build-layer"]({ plugin, layer: spec.layer });
  return spec;
}
