import type { Component, MountSharing, PlainProblem, PodPluginSpec, Port, Resources, StoredValues } from "@outrigger/plugin";
import type { Pod } from "./pod.ts";

/** A built plug-in version on a component, with its values. */
export interface PodInstallation {
  readonly plugin: string;
  readonly version: string;
  readonly spec: PodPluginSpec;
  /** The version's image: its content address, or a name. */
  readonly image: string;
  readonly values: StoredValues;
  /** The installation's own random name. */
  readonly instance: string;
  /** Rises with each change of the values. */
  readonly revision: number;
  readonly enabled: boolean;
  readonly resources?: Resources;
  readonly mounts?: MountSharing;
}

export interface ComposeInput {
  readonly team: string;
  readonly application: string;
  readonly component: Component;
  /** The component's image where it was built here; else the component's own `image` is used. */
  readonly image?: string;
  /** In order of installation. */
  readonly installations: readonly PodInstallation[];
  /** The components that this one depends on, in its order. */
  readonly downstream: readonly Dependency[];
  /** Where discovery listens, at the address `discovery.host`; absent: 6100 and 6101, as ever. */
  readonly discoveryPorts?: DiscoveryPorts;
}

export interface Dependency {
  readonly component: string;
  readonly ports: readonly Port[];
  /** Its pods as they run now; absent: none does. */
  readonly endpoints?: readonly Endpoint[];
}

/** A running pod of a dependency. */
export interface Endpoint {
  readonly pod: string;
  readonly replica: number;
  readonly address: string;
  readonly ready: boolean;
}

export interface DiscoveryPorts {
  readonly http: number;
  readonly xds: number;
}

/** The pod, or every reason why there is none. Paths start at the component: `plugins[1].values.sink.SINK_HOST`. */
export type Composition = { readonly ok: true; readonly pod: Pod } | { readonly ok: false; readonly problems: readonly PlainProblem[] };
