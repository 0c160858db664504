import type { CallContext, MaybePromise } from "./call-context.ts";

export interface Volume {
  readonly name: string;
  /** Where it is mounted now; absent when it is not. */
  readonly mountpoint?: string;
  readonly createdAt?: Date;
  /** Shown by `docker volume inspect`. */
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface NamedVolume {
  readonly name: string;
}

export interface VolumeCreation extends NamedVolume {
  /** `docker volume create -o KEY=VALUE`; empty when there are none. */
  readonly options: Readonly<Record<string, string>>;
}

export interface VolumeMount extends NamedVolume {
  /** Who mounts: one for each container. The same volume is mounted once for each id. */
  readonly id: string;
}

/**
 * Serves volumes (`docker.volumedriver/1.0`). Every method may be called again with the same arguments and then has to succeed again:
 * engines repeat calls whose answer was lost.
 */
export interface VolumeDriver {
  /** `global`: the same volumes are seen from every machine of a swarm. Default: `local`. */
  readonly scope?: "local" | "global";
  create(request: VolumeCreation, context: CallContext): MaybePromise<void>;
  remove(request: NamedVolume, context: CallContext): MaybePromise<void>;
  /** @returns the folder to show to the container, below the propagated mount or in the root file system */
  mount(request: VolumeMount, context: CallContext): MaybePromise<string>;
  unmount(request: VolumeMount, context: CallContext): MaybePromise<void>;
  /** Where the volume is mounted now. */
  path(request: NamedVolume, context: CallContext): MaybePromise<string | undefined>;
  /** @returns nothing when there is no such volume; engines ask before they create */
  get(request: NamedVolume, context: CallContext): MaybePromise<Volume | undefined>;
  list(context: CallContext): MaybePromise<readonly Volume[]>;
  /** Called once when the driver stops, after its calls have ended. */
  close?(): MaybePromise<void>;
}
