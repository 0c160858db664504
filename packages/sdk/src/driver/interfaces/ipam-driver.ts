import type { CallContext, MaybePromise } from "./call-context.ts";

export interface PoolRequest {
  readonly addressSpace: string;
  /** The subnet that is asked for, e.g. `10.1.0.0/24`; absent: the driver chooses. */
  readonly pool?: string;
  /** The part of it that addresses come from (`--ip-range`). */
  readonly subPool?: string;
  /** `docker network create --ipam-opt KEY=VALUE`. */
  readonly options: Readonly<Record<string, string>>;
  readonly v6: boolean;
}

export interface Pool {
  /** The driver's own name for it. */
  readonly poolId: string;
  /** e.g. `10.1.0.0/24` */
  readonly pool: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface AddressRequest {
  readonly poolId: string;
  /** The address that is asked for, without a length; absent: the driver chooses. */
  readonly address?: string;
  /** For a network's gateway, not for a container. */
  readonly gateway: boolean;
  /** When the driver asks for it by `requiresMacAddress`. */
  readonly macAddress?: string;
  /** All that the engine sends, by its own names. */
  readonly options: Readonly<Record<string, string>>;
}

export interface AddressAnswer {
  /** With its length: `10.1.0.2/24`. */
  readonly address: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Serves addresses (`docker.ipamdriver/1.0`). Engines hold pools that overlap with others and ask again until one does not. */
export interface IpamDriver {
  readonly requiresMacAddress?: boolean;
  /** The engine repeats all its requests when it starts. */
  readonly requiresRequestReplay?: boolean;
  /** Default: `LocalDefault` and `GlobalDefault`. */
  readonly addressSpaces?: { readonly local: string; readonly global: string };
  requestPool(request: PoolRequest, context: CallContext): MaybePromise<Pool>;
  releasePool(request: { readonly poolId: string }, context: CallContext): MaybePromise<void>;
  requestAddress(request: AddressRequest, context: CallContext): MaybePromise<AddressAnswer>;
  releaseAddress(request: { readonly poolId: string; readonly address: string }, context: CallContext): MaybePromise<void>;
  close?(): MaybePromise<void>;
}
