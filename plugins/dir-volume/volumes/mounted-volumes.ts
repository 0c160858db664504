import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "@outrigger/sdk";
import { type Mounts, MountTable, noSuchVolume, openStateFile, type StateFile } from "@outrigger/sdk/driver";
import { bindReadOnly, isMounted, mountImage, mountsBelow, thaw, unmountAll } from "./mounting.ts";
import type { VolumeStore } from "./store.ts";

const stateField = z.strictObject({
  /** Mounts end with the machine's run; it has an id of its own. */
  boot: z.string(),
  mounts: z.record(z.string(), z.strictObject({ mountpoint: z.string(), ids: z.array(z.string()) })),
});
type State = z.infer<typeof stateField>;

/** An id of ours, while we copy a volume. */
const copying = "copying:";

/** Which volumes are mounted, by whom. */
export class MountedVolumes {
  readonly #store: VolumeStore;
  readonly #file: StateFile<Mounts>;
  readonly #table: MountTable;
  #copies = 0;

  private constructor(store: VolumeStore, file: StateFile<Mounts>) {
    this.#store = store;
    this.#file = file;
    this.#table = new MountTable(file, { mount: (name) => this.#mount(name), unmount: (name) => unmountAll(store.mountOf(name)) });
  }

  /** Finds the mounts that have outlived a crash, and ends those that nobody uses. */
  static async open(root: string, store: VolumeStore): Promise<MountedVolumes> {
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    const kept = await openStateFile<State>(join(root, "mounts.json"), { boot, mounts: {} }, (value) => stateField.parse(value));
    await kept.update((state) => ({ boot, mounts: state.boot === boot ? withoutCopies(state.mounts, store) : {} }));
    const file: StateFile<Mounts> = {
      get state() {
        return kept.state.mounts;
      },
      update: async (change) => (await kept.update(({ mounts }) => ({ boot, mounts: change(mounts) as State["mounts"] }))).mounts,
    };
    const mounted = new MountedVolumes(store, file);
    await mounted.#recover(root);
    return mounted;
  }

  async #recover(root: string): Promise<void> {
    for (const place of await mountsBelow(join(root, "mounts"))) await thaw(place);
    for (const name of await readdir(join(root, "mounts"))) {
      // What is busy still stays, and is found by the next who mounts it.
      if (this.usersOf(name) === 0) await unmountAll(this.#store.mountOf(name)).catch(() => undefined);
    }
  }

  /** How many use it. */
  usersOf(name: string): number {
    return Object.hasOwn(this.#file.state, name) ? (this.#file.state[name]?.ids.length ?? 0) : 0;
  }

  /** @returns the folder of the volume's files */
  mount(name: string, id: string): Promise<string> {
    return this.#table.mount(name, id);
  }

  unmount(name: string, id: string): Promise<void> {
    return this.#table.unmount(name, id);
  }

  path(name: string): string | undefined {
    return this.#table.path(name);
  }

  /** Does work while the volume is mounted. */
  async during(name: string, work: () => Promise<void>): Promise<void> {
    const id = `${copying}${++this.#copies}`;
    await this.mount(name, id);
    try {
      await work();
    } finally {
      await this.unmount(name, id);
    }
  }

  /** Ends mounts that nobody uses, of a volume that is to go. @throws DriverError while it is used on this machine */
  async end(name: string): Promise<void> {
    await unmountAll(this.#store.mountOf(name));
  }

  async #mount(name: string): Promise<string> {
    const record = this.#store.records.get(name);
    if (record === undefined) throw noSuchVolume(name);
    const data = join(this.#store.treeOf(name), "data");
    if (record.kind === "directory" && !record.readOnly) return data;
    const place = this.#store.mountOf(name);
    if (!(await isMounted(place))) {
      await mkdir(place, { recursive: true, mode: 0o711 });
      if (record.kind === "image") await mountImage(this.#store.imageOf(name), place, record.readOnly);
      else await bindReadOnly(this.#store.treeOf(name), place);
    }
    return join(place, "data");
  }
}

function withoutCopies(mounts: State["mounts"], store: VolumeStore): State["mounts"] {
  const left = Object.entries(mounts).map(([name, { mountpoint, ids }]) => {
    return [name, { mountpoint, ids: ids.filter((id) => !id.startsWith(copying)) }] as const;
  });
  return Object.fromEntries(left.filter(([name, { ids }]) => ids.length > 0 && store.records.has(name)));
}
