import { type Component, type MountSharing, nearest } from "@outrigger/plugin";
import type { PodInstallation } from "./compose-input.ts";
import type { Mount, PodVolume } from "./pod.ts";
import type { Report } from "./variables.ts";

/** The name in the pod of a plug-in's own volume. */
export function pluginVolumeName(plugin: string, volume: string): string {
  return `${plugin}.${volume}`;
}

/** What a plug-in sees: the component's volumes as far as it shares them, at the component's paths, and its own. */
export function pluginMounts(
  component: Component,
  installation: PodInstallation,
  path: readonly PropertyKey[],
  report: Report,
): readonly Mount[] {
  const sharing = installation.mounts ?? installation.spec.pod.mounts;
  const shared = sharedMounts(component, sharing, [...path, "mounts", "share"], report);
  const own = installation.spec.pod.volumes.map((volume) => ({
    volume: pluginVolumeName(installation.plugin, volume.name),
    path: volume.path,
    readOnly: false,
  }));
  return checkPaths([...shared, ...own], path, installation.plugin, report);
}

/** What the app sees: its own volumes, and what its plug-ins hand over. */
export function appMounts(component: Component, installations: readonly PodInstallation[], report: Report): readonly Mount[] {
  const own = component.volumes.map((volume) => ({ volume: volume.name, path: volume.path, readOnly: false }));
  const handed = installations.flatMap(({ plugin, spec }) =>
    spec.pod.exports.mounts.map(({ volume, path, readOnly }) => ({ volume: pluginVolumeName(plugin, volume), path, readOnly })),
  );
  return checkPaths([...own, ...handed], [], component.name, report);
}

/** All volumes of the pod: the component's, then each plug-in's. */
export function podVolumes(component: Component, installations: readonly PodInstallation[]): readonly PodVolume[] {
  return [
    ...component.volumes.map(({ name, ephemeral }) => ({ name, ephemeral })),
    ...installations.flatMap(({ plugin, spec }) =>
      spec.pod.volumes.map(({ name, ephemeral }) => ({ name: pluginVolumeName(plugin, name), ephemeral })),
    ),
  ];
}

function sharedMounts(component: Component, sharing: MountSharing, path: readonly PropertyKey[], report: Report): readonly Mount[] {
  if (sharing.share === "all") {
    return component.volumes.map((volume) => ({ volume: volume.name, path: volume.path, readOnly: sharing.readOnly }));
  }
  return sharing.share.flatMap((wanted, index) => {
    const volume = component.volumes.find(({ name }) => name === wanted.name);
    if (volume !== undefined) return [{ volume: volume.name, path: volume.path, readOnly: sharing.readOnly || wanted.readOnly }];
    const known = component.volumes.map(({ name }) => name);
    const meant = nearest(wanted.name, known);
    report({
      path: [...path, index],
      code: "unknown-reference",
      message: `The component ${component.name} has no volume ${JSON.stringify(wanted.name)}.`,
      found: wanted.name,
      expected: known.join(", "),
      hint: meant === undefined ? `Its volumes: ${known.join(", ") || "none"}.` : `Did you mean ${JSON.stringify(meant)}?`,
    });
    return [];
  });
}

function checkPaths(mounts: readonly Mount[], path: readonly PropertyKey[], container: string, report: Report): readonly Mount[] {
  const owner = new Map<string, string>();
  for (const mount of mounts) {
    const other = owner.get(mount.path);
    if (other !== undefined) {
      report({
        path,
        code: "conflict",
        message: `In the container ${container} the volumes ${other} and ${mount.volume} would both be mounted at ${mount.path}.`,
        found: mount.path,
        hint: "Mount one of them elsewhere, or share fewer volumes (`mounts: { share: [...] }`).",
      });
    }
    owner.set(mount.path, mount.volume);
  }
  return mounts;
}
