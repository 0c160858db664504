import type { Component, InstallationState } from "@outrigger/plugin";
import type { PodKey } from "@outrigger/pod";
import type { ContainerStatus, PodState, PodStatus } from "@outrigger/runtime";
import type {
  ApplicationResource,
  ComponentResource,
  ComponentStatus,
  InstallationResource,
  PodView,
  SettingsView,
} from "../api/resources.ts";
import type { Services } from "../services.ts";
import { componentImages } from "../store/builds.ts";
import { leavingComponents } from "../store/components.ts";
import type { Database } from "../store/database.ts";
import { installationsOf } from "../store/installations.ts";
import type { ApplicationRow, ComponentImageRow, ComponentRow, InstallationRow, Wish } from "../store/tables.ts";
import { redactValues } from "./values.ts";

/** What answers need beside the store: how the pods fare. */
export type Watch = Pick<Services, "runtime" | "reconciler" | "hub">;

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
    installations: installations.map((each) => viewInstallation(watch, each, status)),
    etag: row.etag,
  };
}

export function viewInstallation({ hub }: Pick<Watch, "hub">, row: InstallationRow, status: ComponentStatus): InstallationResource {
  const containers = status.pods.flatMap((pod) => pod.containers.filter((each) => each.plugin?.split("@")[0] === row.plugin));
  const { state, reason } = row.enabled === 0 ? { state: "disabled" as const, reason: undefined } : faringOfAll(containers);
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
    failures: containers.reduce((sum, { restarts }) => sum + restarts, 0),
    revision: row.revision,
    settings: viewSettings(hub, row, status),
    etag: row.etag,
  };
}

type Faring = Pick<InstallationResource, "state" | "reason">;

const worst: readonly InstallationState[] = ["failing", "starting", "installed", "healthy"];

/** How an installation fares is how its worst container does. */
function faringOfAll(containers: readonly ContainerStatus[]): Faring {
  const all = containers.map(faring).sort((a, b) => worst.indexOf(a.state) - worst.indexOf(b.state));
  return all[0] ?? { state: "installed" };
}

function faring({ ready, role, exitCode, restarts, reason }: ContainerStatus): Faring {
  if (ready || (role === "init" && exitCode === 0)) return { state: "healthy" };
  const failing = restarts > 0 || (exitCode !== undefined && exitCode !== 0);
  return { state: failing ? "failing" : "starting", ...(reason === undefined ? {} : { reason }) };
}

/** Which of the pods has which settings: as its kept files hold them, or as it fetched them. */
function viewSettings(hub: Watch["hub"], row: InstallationRow, { pods }: ComponentStatus): readonly SettingsView[] {
  const channel = hub.channel(row);
  if (channel === undefined) return [];
  return pods.flatMap(({ name, ip, containers }): readonly SettingsView[] => {
    const kept = containers.find((each) => each.plugin?.split("@")[0] === row.plugin)?.settings;
    if (kept !== undefined) return [{ pod: name, by: "file", ...kept }];
    const fetched = ip === undefined ? undefined : channel.fetchedBy(ip);
    return fetched === undefined ? [] : [{ pod: name, by: fetched.by, revision: fetched.revision, at: fetched.at }];
  });
}

/** How a component fares: what its pods say, and why it is held back where it is. */
export function statusOf({ runtime, reconciler }: Watch, key: PodKey, wish: Wish): ComponentStatus {
  const statuses = runtime.statuses(key);
  const waits = reconciler.waitingReason(key);
  const base = componentStatus(key, statuses);
  if (wish === "remove" || wish === "remove-with-volumes")
    return { ...base, state: "stopping", upToDate: false, ...(waits && { reason: waits }) };
  if (waits === undefined) return base;
  return { ...base, ...(statuses.length === 0 && { state: "waiting" as const }), reason: waits, upToDate: false };
}

const gravity: readonly PodState[] = ["failing", "waiting", "stopping", "stopped", "starting", "running", "ready"];

/** The worst of the pods stands for all; with several, the reason names it. */
function componentStatus(key: PodKey, statuses: readonly PodStatus[]): ComponentStatus {
  const [first] = [...statuses].sort((a, b) => gravity.indexOf(a.state) - gravity.indexOf(b.state));
  if (first === undefined) {
    const reason = "it has not been started yet";
    return {
      state: "waiting",
      reason,
      upToDate: false,
      pods: [viewPod({ key, replica: 0, name: `${key.application}-${key.component}`, state: "waiting", containers: [], upToDate: false })],
    };
  }
  const told = statuses.find(({ state, reason }) => state === first.state && reason !== undefined);
  const reason = told === undefined || statuses.length === 1 ? told?.reason : `${told.name}: ${told.reason}`;
  return {
    state: first.state,
    ...(reason === undefined ? {} : { reason }),
    upToDate: statuses.every(({ upToDate }) => upToDate),
    pods: statuses.map(viewPod),
  };
}

function viewPod({ name, replica, state, reason, ip, upToDate, containers }: PodStatus): PodView {
  return { name, replica, state, ...(reason === undefined ? {} : { reason }), ...(ip === undefined ? {} : { ip }), upToDate, containers };
}
