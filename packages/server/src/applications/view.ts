import type { Component, InstallationState } from "@outrigger/plugin";
import type { PodKey } from "@outrigger/pod";
import type { ContainerStatus, PodStatus } from "@outrigger/runtime";
import type { ApplicationResource, ComponentResource, ComponentStatus, InstallationResource } from "../api/resources.ts";
import type { Services } from "../services.ts";
import { componentImages } from "../store/builds.ts";
import { leavingComponents } from "../store/components.ts";
import type { Database } from "../store/database.ts";
import { installationsOf } from "../store/installations.ts";
import type { ApplicationRow, ComponentImageRow, ComponentRow, InstallationRow, Wish } from "../store/tables.ts";
import { redactValues } from "./values.ts";

/** What answers need beside the store: how the pods fare. */
export type Watch = Pick<Services, "runtime" | "reconciler">;

export async function viewApplications(
  db: Database,
  watch: Watch,
  team: string,
  rows: readonly ApplicationRow[],
): Promise<ApplicationResource[]> {
  const leaving = await leavingComponents(
    db,
    team,
    rows.map((row) => row.name),
  );
  return rows.map((row) => {
    const view = (component: string, wish: Wish): ApplicationResource["components"][number] => {
      const { state, reason } = statusOf(watch, { team, application: row.name, component }, wish);
      return reason === undefined ? { name: component, state } : { name: component, state, reason };
    };
    const names: readonly string[] = JSON.parse(row.component_names);
    const gone = leaving.get(row.name) ?? [];
    const components = [...names.map((name) => view(name, "run")), ...gone.map((name) => view(name, "remove"))];
    return { team, name: row.name, components, createdAt: row.created_at, etag: row.etag };
  });
}

/** The components of one application, with two queries however many they are. */
export async function viewComponents(
  db: Database,
  watch: Watch,
  team: string,
  application: string,
  rows: readonly ComponentRow[],
): Promise<ComponentResource[]> {
  const names = rows.map((row) => row.name);
  const installations = await installationsOf(db, team, application, names);
  const images = await componentImages(db, team, application, names);
  return rows.map((row) => viewComponent(watch, row, installations.get(row.name) ?? [], images.get(row.name)));
}

function viewComponent(
  watch: Watch,
  row: ComponentRow,
  installations: readonly InstallationRow[],
  image: ComponentImageRow | undefined,
): ComponentResource {
  const key: PodKey = { team: row.team, application: row.application, component: row.name };
  const status = statusOf(watch, key, row.wish);
  return {
    team: row.team,
    application: row.application,
    name: row.name,
    spec: JSON.parse(row.spec) as Component,
    ...(image === undefined ? {} : { image: image.image }),
    ...(image?.context_digest == null ? {} : { contextDigest: image.context_digest }),
    status,
    installations: installations.map((each) => viewInstallation(each, status)),
    etag: row.etag,
  };
}

export function viewInstallation(row: InstallationRow, status: ComponentStatus): InstallationResource {
  const container = status.containers.find((each) => each.plugin?.split("@")[0] === row.plugin);
  const { state, reason } = row.enabled === 0 ? { state: "disabled" as const, reason: undefined } : faring(container);
  return {
    plugin: row.plugin,
    version: row.version,
    ...(row.previous_version === null ? {} : { previousVersion: row.previous_version }),
    component: row.component,
    application: row.application,
    enabled: row.enabled === 1,
    values: redactValues(JSON.parse(row.setting_values)),
    ...(row.resources === null ? {} : { resources: JSON.parse(row.resources) }),
    ...(row.mounts === null ? {} : { mounts: JSON.parse(row.mounts) }),
    origin: row.origin,
    state,
    ...(reason === undefined ? {} : { reason }),
    failures: container?.restarts ?? 0,
    etag: row.etag,
  };
}

function faring(container: ContainerStatus | undefined): { readonly state: InstallationState; readonly reason: string | undefined } {
  if (container === undefined) return { state: "installed", reason: undefined };
  if (container.ready || (container.role === "init" && container.exitCode === 0)) return { state: "healthy", reason: undefined };
  const failing = container.restarts > 0 || (container.exitCode !== undefined && container.exitCode !== 0);
  return { state: failing ? "failing" : "starting", reason: container.reason };
}

/** How a component fares: what its pod says, and why it is held back where it is. */
export function statusOf({ runtime, reconciler }: Watch, key: PodKey, wish: Wish): ComponentStatus {
  const pod = runtime.status(key);
  const waits = reconciler.waitingReason(key);
  const base = podStatus(key, pod);
  if (wish === "remove" || wish === "remove-with-volumes")
    return { ...base, state: "stopping", upToDate: false, ...(waits && { reason: waits }) };
  if (waits === undefined) return base;
  return { ...base, ...(pod === undefined && { state: "waiting" as const }), reason: waits, upToDate: false };
}

function podStatus(key: PodKey, status: PodStatus | undefined): ComponentStatus {
  const name = `${key.application}-${key.component}`;
  if (status === undefined) return { state: "waiting", reason: "it has not been started yet", pod: name, upToDate: false, containers: [] };
  const { state, reason, ip, upToDate, containers } = status;
  return {
    state,
    ...(reason === undefined ? {} : { reason }),
    pod: status.name,
    ...(ip === undefined ? {} : { ip }),
    upToDate,
    containers,
  };
}
