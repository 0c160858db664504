import type { StateFile } from "../state/state-file.ts";

/** Who has which volume mounted, by the volume's name. */
export type Mounts = Readonly<Record<string, MountedVolume>>;

export interface MountedVolume {
  readonly mountpoint: string;
  readonly ids: readonly string[];
}

export interface MountWork {
  /** Makes the volume visible. Called for its first user, and once after the driver has been started anew: then it may be mounted already. */
  readonly mount: (name: string) => Promise<string>;
  /** Called when its last user has gone. */
  readonly unmount: (name: string, mountpoint: string) => Promise<void>;
}

/** Mounts each volume once, however many containers use it; work on one volume is done one piece at a time. */
export class MountTable {
  readonly #file: StateFile<Mounts>;
  readonly #work: MountWork;
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #sure = new Set<string>();

  constructor(file: StateFile<Mounts>, work: MountWork) {
    this.#file = file;
    this.#work = work;
  }

  /** @returns where it is mounted; the same id again changes nothing */
  mount(name: string, id: string): Promise<string> {
    return this.#inTurn(name, async () => {
      const mounted = this.#find(name);
      const mountpoint = mounted !== undefined && this.#sure.has(name) ? mounted.mountpoint : await this.#work.mount(name);
      this.#sure.add(name);
      if (mounted?.ids.includes(id) !== true) {
        await this.#file.update((mounts) => ({ ...mounts, [name]: { mountpoint, ids: [...(mounted?.ids ?? []), id] } }));
      }
      return mountpoint;
    });
  }

  /** Of an id that has not mounted it, nothing changes. */
  unmount(name: string, id: string): Promise<void> {
    return this.#inTurn(name, async () => {
      const mounted = this.#find(name);
      if (mounted?.ids.includes(id) !== true) return;
      const ids = mounted.ids.filter((each) => each !== id);
      if (ids.length === 0) {
        await this.#work.unmount(name, mounted.mountpoint);
        this.#sure.delete(name);
      }
      await this.#file.update((mounts) => {
        const { [name]: _, ...others } = mounts;
        return ids.length === 0 ? others : { ...others, [name]: { ...mounted, ids } };
      });
    });
  }

  /** Where it is mounted; undefined when nobody uses it. */
  path(name: string): string | undefined {
    return this.#find(name)?.mountpoint;
  }

  #find(name: string): MountedVolume | undefined {
    return Object.hasOwn(this.#file.state, name) ? this.#file.state[name] : undefined;
  }

  #inTurn<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const turn = (this.#last.get(name) ?? Promise.resolve()).then(work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(name, settled);
    void settled.then(() => {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    });
    return turn;
  }
}
