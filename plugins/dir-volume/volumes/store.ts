import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { driverError, writeDurably } from "@outrigger/sdk/driver";
import { unmountAll } from "./mounting.ts";
import { recordField, type VolumeRecord } from "./record.ts";

/**
 * The folders of all volumes:
 *
 *     volumes/NAME/volume.json          the record
 *     volumes/NAME/tree/data            the files of a directory
 *     volumes/NAME/image                the filesystem of a volume with a size; its files are in its folder data
 *     mounts/NAME                       where images and snapshots are mounted
 *     staging/                          what is being made or removed
 *
 * A volume is there from the moment its folder has its name, so it is never there by half.
 */
export class VolumeStore {
  readonly #root: string;
  readonly #records = new Map<string, VolumeRecord>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** Clears what a crash has left. @throws DriverError for a record that can't be read */
  static async open(root: string): Promise<VolumeStore> {
    const store = new VolumeStore(root);
    for (const folder of ["volumes", "mounts", "staging"]) await mkdir(join(root, folder), { recursive: true, mode: 0o711 });
    await clear(join(root, "staging"));
    for (const name of await readdir(join(root, "volumes"))) store.#records.set(name, await readRecord(join(root, "volumes", name)));
    return store;
  }

  get records(): ReadonlyMap<string, VolumeRecord> {
    return this.#records;
  }

  folderOf(name: string): string {
    return join(this.#root, "volumes", name);
  }

  imageOf(name: string): string {
    return join(this.folderOf(name), "image");
  }

  /** Holds the folder `data` of a directory. */
  treeOf(name: string): string {
    return join(this.folderOf(name), "tree");
  }

  mountOf(name: string): string {
    return join(this.#root, "mounts", name);
  }

  /** @param fill makes the volume's files in the folder it is given; when it fails, nothing is left of it */
  async add(name: string, record: VolumeRecord, fill: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(this.#root, "staging", randomUUID());
    try {
      await mkdir(folder, { mode: 0o711 });
      await fill(folder);
      await writeDurably(join(folder, "volume.json"), `${JSON.stringify(record)}\n`);
      await rename(folder, this.folderOf(name));
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    this.#records.set(name, record);
    await syncFolder(join(this.#root, "volumes"));
  }

  async remove(name: string): Promise<void> {
    const folder = join(this.#root, "staging", randomUUID());
    await rename(this.folderOf(name), folder);
    this.#records.delete(name);
    await syncFolder(join(this.#root, "volumes"));
    // Never recursive: should something be mounted there, its files stay.
    await rmdir(this.mountOf(name)).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A program that has outlived its driver may be writing there still; what it leaves is cleared next time. */
async function clear(staging: string): Promise<void> {
  await unmountAll(staging).catch(() => undefined);
  for (const left of await readdir(staging)) await rm(join(staging, left), { recursive: true, force: true }).catch(() => undefined);
}

async function readRecord(folder: string): Promise<VolumeRecord> {
  const file = join(folder, "volume.json");
  try {
    return recordField.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw driverError(`${file} is no record of a volume: put it right, or move its folder away`, { cause: error });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
