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
  /** The ports of the components that this one depends on. */
  readonly downstream: readonly { readonly component: string; readonly ports: readonly Port[] }[];
}

/** The pod, or every reason why there is none. Paths start at the component: `plugins[1].values.sink.SINK_HOST`. */
export type Composition = { readonly ok: true; readonly pod: Pod } | { readonly ok: false; readonly problems: readonly PlainProblem[] };
