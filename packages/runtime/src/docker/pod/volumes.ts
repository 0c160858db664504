import type { PodKey, PodVolume } from "@outrigger/pod";
import { runtimeErrors } from "../../errors.ts";
import type { EngineContext } from "../client/context.ts";
import { unlessMissing } from "../client/refusal.ts";
import type { Labels, VolumeInspection } from "../client/types.ts";
import { componentLabels, label, labelFilter, podLabels, type ReplicaKey, replicaFromLabels, volumeName } from "./names.ts";

/** Makes the volumes that are not there. @throws name-taken when another owner has one of that name */
export async function ensureVolumes({ client, owner }: EngineContext, key: ReplicaKey, volumes: readonly PodVolume[]): Promise<void> {
  await Promise.all(
    volumes.map(async (volume) => {
      const Name = volumeName(key, volume.name);
      const Labels = { ...podLabels(owner, key), [label.ephemeral]: String(volume.ephemeral) };
      const made = await client.call<VolumeInspection>("POST", "/volumes/create", { body: { Name, Labels } });
      checkOwner("volume", Name, made.Labels, owner);
    }),
  );
}

/** Removes a pod's ephemeral volumes, or all. */
export async function removeVolumes(context: EngineContext, key: ReplicaKey, which: "ephemeral" | "all"): Promise<void> {
  const own = (await listVolumes(context, key)).filter(
    ({ Labels }) => replicaFromLabels(Labels) === key.replica && (which === "all" || Labels?.[label.ephemeral] === "true"),
  );
  await Promise.all(own.map(({ Name }) => unlessMissing(context.client.call("DELETE", `/volumes/${Name}`))));
}

/** The volumes of all of a component's pods. */
export async function listVolumes({ client, owner }: EngineContext, key: PodKey): Promise<readonly VolumeInspection[]> {
  const query = { filters: labelFilter(componentLabels(owner, key)) };
  const { Volumes } = await client.call<{ readonly Volumes: readonly VolumeInspection[] | null }>("GET", "/volumes", { query });
  return Volumes ?? [];
}

/** @throws name-taken */
export function checkOwner(what: string, name: string, labels: Labels | null, owner: string): void {
  const other = labels?.[label.owner];
  if (other === owner) return;
  const by = other === undefined ? "something that Outrigger did not make" : `the Outrigger server ${other}`;
  throw runtimeErrors["name-taken"]({ what, name, by });
}
