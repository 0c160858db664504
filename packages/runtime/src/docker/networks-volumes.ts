import type { PodKey, PodVolume } from "@outrigger/pod";
import { runtimeErrors } from "../errors.ts";
import type { EngineContext } from "./context.ts";
import { applicationLabels, label, labelFilter, networkName, podLabels, volumeName } from "./names.ts";
import { listContainers } from "./observe.ts";
import { hasCode, unlessMissing } from "./refusal.ts";
import type { Labels, NetworkInspection, VolumeInspection } from "./types.ts";

/** Makes the application's network where it is not there. @throws name-taken when another owner has it */
export function ensureNetwork(context: EngineContext, key: PodKey): Promise<void> {
  const name = networkName(key);
  // The engine lets two of one name through when they are asked for at once.
  return context.once(`network ${name}`, async () => {
    const { client, owner } = context;
    if ((await soleNetwork(context, name)) !== undefined) return;
    const body = { Name: name, CheckDuplicate: true, Driver: "bridge", Labels: applicationLabels(owner, key) };
    try {
      await client.call("POST", "/networks/create", { body });
    } catch (error) {
      if (!hasCode(error, "engine-refused") || (await soleNetwork(context, name)) === undefined) throw error;
    }
  });
}

/** The network of this name. Where another process made one too at the same moment, the younger goes. @throws name-taken */
async function soleNetwork({ client, owner }: EngineContext, name: string): Promise<NetworkInspection | undefined> {
  const list = await client.call<readonly NetworkInspection[]>("GET", "/networks", { query: { filters: { name: [name] } } });
  const [oldest, ...others] = list.filter(({ Name }) => Name === name).sort((a, b) => (a.Created < b.Created ? -1 : 1));
  if (oldest === undefined) return undefined;
  checkOwner("network", name, oldest.Labels, owner);
  await Promise.all(
    others.map(({ Id, Labels }) => (Labels?.[label.owner] === owner ? unlessMissing(client.call("DELETE", `/networks/${Id}`)) : undefined)),
  );
  return oldest;
}

/** Removes the application's network once no container needs it. */
export async function removeNetwork({ client, owner }: EngineContext, key: PodKey): Promise<void> {
  const labels = applicationLabels(owner, key);
  if ((await listContainers(client, labels)).length > 0) return;
  const networks = await client.call<readonly NetworkInspection[]>("GET", "/networks", { query: { filters: labelFilter(labels) } });
  await Promise.all(
    networks.map(async ({ Id }) => {
      try {
        await unlessMissing(client.call("DELETE", `/networks/${Id}`));
      } catch (error) {
        // A pod of the application, or a stranger, has joined since: whoever goes last removes it.
        if (!hasCode(error, "engine-refused")) throw error;
      }
    }),
  );
}

/** Makes the volumes that are not there. @throws name-taken when another owner has one of that name */
export async function ensureVolumes({ client, owner }: EngineContext, key: PodKey, volumes: readonly PodVolume[]): Promise<void> {
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
export async function removeVolumes({ client, owner }: EngineContext, key: PodKey, which: "ephemeral" | "all"): Promise<void> {
  const labels = { ...podLabels(owner, key), ...(which === "all" ? {} : { [label.ephemeral]: "true" }) };
  const query = { filters: labelFilter(labels) };
  const { Volumes } = await client.call<{ readonly Volumes: readonly VolumeInspection[] | null }>("GET", "/volumes", { query });
  await Promise.all((Volumes ?? []).map(({ Name }) => unlessMissing(client.call("DELETE", `/volumes/${Name}`))));
}

/** @throws name-taken */
export function checkOwner(what: string, name: string, labels: Labels | null, owner: string): void {
  const other = labels?.[label.owner];
  if (other === owner) return;
  const by = other === undefined ? "something that Outrigger did not make" : `the Outrigger server ${other}`;
  throw runtimeErrors["name-taken"]({ what, name, by });
}
