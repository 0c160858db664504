import type { PodPluginType, Probe, Protocol, Publish, SecurityContext } from "@outrigger/plugin";

/** A fact about the running pod that is known only where it runs. */
export type PodFact = "pod.name" | "pod.ip" | "pod.namespace" | "node.name" | "node.ip";

/** A secret's place; the runtime asks the server for its text just before the container is made. */
export interface SecretReference {
  readonly plugin: string;
  readonly group: string;
  readonly item: string;
  /** Changes when the secret changes; says nothing of its text. */
  readonly digest: string;
}

/** A variable: plain text, text with facts in it, or a secret. */
export type Variable =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly parts: readonly (string | { readonly fact: PodFact })[] }
  | { readonly name: string; readonly secret: SecretReference };

/** Bytes of memory and thousandths of a core; absent: not set. */
export interface ResourceAmounts {
  readonly memory?: number;
  readonly cpu?: number;
}

export interface ContainerResources {
  readonly requests: ResourceAmounts;
  readonly limits: ResourceAmounts;
}

export interface Mount {
  /** Name of one of the pod's volumes. */
  readonly volume: string;
  readonly path: string;
  readonly readOnly: boolean;
}

/** `init` ends before the others start; `network` is ready before the app starts; `sidecar` starts with or after the app. */
export type ContainerRole = "init" | "network" | "app" | "sidecar";

export interface Container {
  /** Unique in the pod: the component's name for the app, the plug-in's name otherwise. */
  readonly name: string;
  readonly role: ContainerRole;
  /** Absent for the app. */
  readonly plugin?: { readonly name: string; readonly version: string; readonly type: PodPluginType };
  /** An image name or, for what the server built or pulled, its content address (`sha256:...`). */
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  /** Sorted by name; no name twice. */
  readonly env: readonly Variable[];
  readonly mounts: readonly Mount[];
  readonly resources: ContainerResources;
  readonly readiness?: Probe;
  readonly liveness?: Probe;
  readonly startup?: Probe;
  readonly securityContext: SecurityContext;
  readonly terminationGracePeriodSeconds: number;
}

export interface PodVolume {
  readonly name: string;
  /** True: lives and dies with the pod. */
  readonly ephemeral: boolean;
}

export interface PodPort {
  readonly port: number;
  readonly protocol: Protocol;
  readonly publish?: Publish;
  /** Where traffic for the port goes in when an ingress plug-in has taken it over; absent: at the port itself. */
  readonly entry?: number;
}

/** Settings by name. A secret stands as its reference; whoever serves the document puts its text in. */
export type DiscoveryOptions = Readonly<Record<string, string | { readonly secret: SecretReference }>>;

/** The text that discovery serves to one plug-in; values are always strings. Its shape is Rainbond's ResourceSpec. */
export interface DiscoveryDocument {
  readonly base_ports: readonly DiscoveryPort[];
  readonly base_services: readonly DiscoveryService[];
  readonly base_normal: { readonly options: DiscoveryOptions };
}

export interface DiscoveryPort {
  readonly service_alias: string;
  readonly service_id: string;
  readonly port: number;
  readonly listen_port: number;
  readonly protocol: Protocol;
  readonly options: DiscoveryOptions;
}

export interface DiscoveryService {
  readonly service_alias: string;
  readonly service_id: string;
  readonly depend_service_alias: string;
  readonly depend_service_id: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly options: DiscoveryOptions;
}

/** A component with its plug-ins, ready to run: what a runtime makes real. Plain data: two equal pods have equal JSON. */
export interface Pod {
  /** `APPLICATION-COMPONENT`: what `${pod.name}` says. */
  readonly name: string;
  readonly team: string;
  readonly application: string;
  readonly component: string;
  /** In the order in which they start: init, network, app, sidecar. */
  readonly containers: readonly Container[];
  readonly volumes: readonly PodVolume[];
  readonly ports: readonly PodPort[];
  /** Components whose pods are started first. */
  readonly dependsOn: readonly string[];
  /** By plug-in name; the part of a pod that can change while it runs. */
  readonly discovery: Readonly<Record<string, DiscoveryDocument>>;
}

/** Who a pod is, among all pods of an engine. */
export interface PodKey {
  readonly team: string;
  readonly application: string;
  readonly component: string;
}
