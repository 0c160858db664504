import { type CallContext, driverError, noSuchVolume } from "@outrigger/sdk/driver";
import { copyImage, copyTree, makeImage, newImage, newTree } from "./fill.ts";
import type { MountedVolumes } from "./mounted-volumes.ts";
import { frozen } from "./mounting.ts";
import type { VolumeOptions } from "./options.ts";
import type { VolumeRecord } from "./record.ts";
import type { VolumeStore } from "./store.ts";

export interface SizeLimits {
  /** Bytes of volumes that are made without a size; undefined: they are plain folders. */
  readonly defaultSize?: number | undefined;
  readonly maxSize?: number | undefined;
}

interface Making {
  readonly store: VolumeStore;
  readonly mounted: MountedVolumes;
  readonly limits: SizeLimits;
}

type Request = { readonly name: string; readonly given: Readonly<Record<string, string>>; readonly options: VolumeOptions };

/** Makes a volume, whole or not at all. @throws DriverError */
export async function createVolume(
  { store, mounted, limits }: Making,
  { name, given, options }: Request,
  { signal }: CallContext,
): Promise<void> {
  const origin = options.snapshotOf ?? options.from;
  const source = origin === undefined ? undefined : store.records.get(origin);
  if (origin !== undefined && source === undefined) throw noSuchVolume(origin);
  const size = options.size ?? (source === undefined ? limits.defaultSize : source.size);
  if (limits.maxSize !== undefined && options.snapshotOf === undefined) checkSize(size, limits.maxSize);
  const record: VolumeRecord = {
    kind: size === undefined ? "directory" : "image",
    ...(size === undefined ? {} : { size }),
    readOnly: options.snapshotOf !== undefined,
    createdAt: new Date().toISOString(),
    options: given,
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.snapshotOf === undefined ? {} : { snapshotOf: options.snapshotOf }),
  };
  await store.add(name, record, async (folder) => {
    if (origin !== undefined && source !== undefined) await copy(origin, source, folder);
    else if (size !== undefined) await newImage(folder, size, options, signal);
    else await newTree(folder, options);
  });

  async function copy(from: string, { kind, size: sourceSize, readOnly }: VolumeRecord, folder: string): Promise<void> {
    if (kind === "directory") {
      if (!readOnly && mounted.usersOf(from) > 0) throw inUse(from);
      const tree = store.treeOf(from);
      return size === undefined ? copyTree(tree, folder, signal) : makeImage(folder, size, tree, signal);
    }
    const place = store.mountOf(from);
    const work = (): Promise<void> => {
      if (size === sourceSize) return copyImage(store.imageOf(from), folder, signal);
      return makeImage(folder, size ?? 0, place, signal);
    };
    // Also one that nobody uses is mounted first: what a crash has left in its journal is then in its place.
    await mounted.during(from, () => (readOnly ? work() : frozen(place, work)));
  }
}

function checkSize(size: number | undefined, maxSize: number): void {
  if (size === undefined) throw driverError("a volume needs a size here: add -o size=...");
  if (size > maxSize) throw driverError(`the size is ${size} bytes; the largest is ${maxSize}`);
}

/** A folder can't be kept from being written to, and a copy could then hold one half of a change. */
function inUse(name: string): Error {
  return driverError(
    `${name} is in use, and without a size it can't be copied meanwhile: stop its containers, or keep the data in a volume with a size`,
  );
}
