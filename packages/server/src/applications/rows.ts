import type { PodKey } from "@outrigger/pod";
import { newEtag } from "../store/etag.ts";
import type { ComponentRow, InstallationRow } from "../store/tables.ts";
import type { DesiredComponent, DesiredInstallation } from "./desired.ts";

export function componentRow(team: string, application: string, { component }: DesiredComponent, position: number): ComponentRow {
  // Its plug-ins stand as installations, with their secrets sealed.
  const spec = JSON.stringify({ ...component, plugins: [] });
  return { team, application, name: component.name, position, spec, wish: "run", etag: newEtag() };
}

export function installationRow(key: PodKey, installation: DesiredInstallation, position: number): InstallationRow {
  return {
    ...key,
    plugin: installation.plugin,
    version: installation.version,
    previous_version: installation.previousVersion ?? null,
    position,
    enabled: installation.enabled ? 1 : 0,
    setting_values: JSON.stringify(installation.values),
    resources: installation.resources === undefined ? null : JSON.stringify(installation.resources),
    mounts: installation.mounts === undefined ? null : JSON.stringify(installation.mounts),
    origin: installation.origin,
    instance: installation.instance,
    revision: installation.revision,
    etag: newEtag(),
  };
}
