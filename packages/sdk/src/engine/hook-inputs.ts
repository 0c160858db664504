import type { DoorName } from "@outrigger/plugin";
import type {
  ContainerCreateRequest,
  ContainerUpdateRequest,
  EndpointSettings,
  NetworkCreateRequest,
  VolumeCreateOptions,
} from "../engine-api/types.ts";

/**
 * The request that makes a container, or changes what one is made of.
 * `create` POST /containers/create · `service` /services/create and /services/{id}/update · `exec` /containers/{id}/exec · `commit` /commit · `build` /build.
 * Doors other than `create` carry only some fields of the body; a change that a door can't carry is refused, naming the plug-in.
 */
export type Door = DoorName;

/** What a plug-in gets to see and change, by hook point. Absent optional values are `null` or missing, never empty strings. */
export interface ChangeInputs {
  "container.preCreate": { readonly name: string | null; readonly platform: string | null; readonly body: ContainerCreateRequest };
  "container.preCreateEndpoint": EndpointInput;
  "container.preUpdate": { readonly body: ContainerUpdateRequest };
  "volume.preCreate": VolumeCreateOptions;
  "network.preCreate": { readonly body: NetworkCreateRequest };
  "image.prePull": { readonly reference: string; readonly platform: string | null };
  /** As the CRI's JSON form: field names in snake_case as in its protocol files, 64-bit integers as numbers or bigints. */
  "cri.preCreateContainer": {
    readonly config: Readonly<Record<string, unknown>>;
    readonly sandboxConfig: Readonly<Record<string, unknown>>;
  };
}

/** One network that a container joins. */
export interface EndpointInput {
  /** Higher wins the default gateway (GwPriority, API 1.48); older engines can't carry it, and the answer warns so. */
  readonly priority: number | null;
  /** True: the engine's DNS is not used by the container. Carried as a DNS server of the host's own. */
  readonly disableResolver: boolean;
  /** Driver options of the endpoint. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly settings: EndpointSettings;
}

export interface CheckInputs {
  "api.request": {
    readonly method: string;
    /** Canonical, without the version: `/containers/json`. */
    readonly path: string;
    /** `1.41`, or null where the request names none. */
    readonly version: string | null;
    /** In the order of the request. Values that hold credentials are left out. */
    readonly query: readonly (readonly [name: string, value: string])[];
    /** The route's stable name, e.g. `container.list`; null where the engine's API has no such route. */
    readonly route: string | null;
  };
}

export interface CollectInputs {
  "daemon.preStart": { readonly upstream: string };
  "container.preStart": { readonly container: ContainerFacts };
}

/** What a plug-in answers at a hook point that collects. */
export interface CollectResults {
  "daemon.preStart": { readonly helpers?: readonly Helper[] };
  "container.preStart": { readonly hooks?: readonly OciHook[] };
}

export interface NotifyInputs {
  "daemon.preStop": { readonly reason: "signal" | "request" };
  "container.postUpdate": {
    readonly container: ContainerFacts;
    readonly body: ContainerUpdateRequest;
    /** The container's root filesystem on the host; null where the engine does not tell (it does not run). */
    readonly rootfs: string | null;
  };
  "image.postPull": {
    /** As asked for, with its tag or digest: `registry.example/app:1`. */
    readonly reference: string;
    readonly digest: string | null;
    readonly platform: string | null;
    /** The engine's storage driver, e.g. `overlay2`. */
    readonly snapshotter: string;
    /** `client`: through the gateway, which waits for the plug-in. `engine`: seen in the event stream (builds, swarm, other sockets). */
    readonly by: "client" | "engine";
  };
}

/** A process that the gateway starts, keeps running and ends with itself. */
export interface Helper {
  readonly name: string;
  /** Absolute path, then arguments; no shell. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The gateway waits until this unix socket or file exists, at most the hook's time. */
  readonly ready?: string;
}

/** Stages of the OCI runtime specification's hooks (config.md, POSIX-platform Hooks). */
export type OciStage = "prestart" | "createRuntime" | "createContainer" | "startContainer" | "poststart" | "poststop";

/** A program that the OCI runtime runs in a container's life. */
export interface OciHook {
  /** Absent: `priority` alone decides, before the network (> 0) or after it (< 0). */
  readonly stage?: OciStage;
  /** Higher runs earlier. The engine's own network hook has 0. */
  readonly priority: number;
  /** Absolute; on the host, but inside the container for `startContainer`. */
  readonly path: string;
  /** With argv[0], as the specification has it. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Whole seconds, at least 1. */
  readonly timeout?: number;
}

/** A container as far as plug-ins need it. `env` is left out without the privilege `see:container.env`. */
export interface ContainerFacts {
  readonly id: string;
  /** Without the slash. */
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env?: readonly string[];
}
