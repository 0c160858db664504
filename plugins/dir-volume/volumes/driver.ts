import { stat, statfs } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { driverError, type Volume, type VolumeDriver } from "@outrigger/sdk/driver";
import { createVolume, type SizeLimits } from "./create.ts";
import { MountedVolumes } from "./mounted-volumes.ts";
import { checkName, readOptions } from "./options.ts";
import type { VolumeRecord } from "./record.ts";
import { VolumeStore } from "./store.ts";
import { Turns } from "./turns.ts";

export interface DirVolumeOptions extends SizeLimits {
  /** Everything is kept below it. */
  readonly root: string;
}

/** Opens the folder, and mends what a crash has left. */
export async function openDirVolume({ root, ...limits }: DirVolumeOptions): Promise<VolumeDriver> {
  const store = await VolumeStore.open(root);
  const mounted = await MountedVolumes.open(root, store);
  const turns = new Turns();

  const volumeOf = (name: string): Volume | undefined => {
    const record = store.records.get(name);
    const mountpoint = mounted.path(name);
    if (record === undefined) return undefined;
    return { name, createdAt: new Date(record.createdAt), ...(mountpoint === undefined ? {} : { mountpoint }) };
  };

  return {
    create({ name, options: given }, context) {
      checkName(name);
      const options = readOptions({ options: given });
      const origin = options.snapshotOf ?? options.from;
      return turns.take(origin === undefined ? [name] : [name, origin], async () => {
        const there = store.records.get(name);
        if (there === undefined) return await createVolume({ store, mounted, limits }, { name, given, options }, context);
        if (!isDeepStrictEqual(there.options, given)) throw driverError(`the volume ${name} is there already, with other options`);
      });
    },
    remove: ({ name }) =>
      turns.take([name], async () => {
        if (!store.records.has(name)) return;
        if (mounted.usersOf(name) > 0) throw driverError(`the volume ${name} is in use`);
        await mounted.end(name);
        await store.remove(name);
      }),
    mount: ({ name, id }) => turns.take([name], () => mounted.mount(name, id)),
    unmount: ({ name, id }) => turns.take([name], () => mounted.unmount(name, id)),
    path: ({ name }) => mounted.path(name),
    async get({ name }) {
      const volume = volumeOf(name);
      const record = store.records.get(name);
      return volume === undefined || record === undefined ? undefined : { ...volume, status: await statusOf(name, record) };
    },
    list: () => [...store.records.keys()].toSorted().flatMap((name) => volumeOf(name) ?? []),
  };

  async function statusOf(name: string, record: VolumeRecord): Promise<Readonly<Record<string, unknown>>> {
    const { kind, size, readOnly, from, snapshotOf } = record;
    const snapshots = [...store.records].filter(([, each]) => each.snapshotOf === name).map(([each]) => each);
    return {
      kind,
      ...(size === undefined ? {} : { size }),
      ...(kind === "image" ? { used: await usedBy(name) } : {}),
      readOnly,
      ...(from === undefined ? {} : { from }),
      ...(snapshotOf === undefined ? {} : { snapshotOf }),
      snapshots: snapshots.toSorted(),
      users: mounted.usersOf(name),
    };
  }

  /** Bytes: of files while it is mounted, else of the blocks that its file takes. */
  async function usedBy(name: string): Promise<number> {
    if (mounted.path(name) === undefined) return (await stat(store.imageOf(name))).blocks * 512;
    const { blocks, bfree, bsize } = await statfs(store.mountOf(name));
    return (blocks - bfree) * bsize;
  }
}
