import type { ConfigFile, PodPluginType, Probe, Protocol, Publish, SecurityContext } from "@outrigger/plugin";

/** A fact about the running pod that is known only where it runs. `discovery.host` is the address at which the pod reaches discovery. */
export type PodFact = "pod.name" | "pod.ip" | "pod.namespace" | "node.name" | "node.ip" | "discovery.host";

/** A text, or its parts where it has facts in it. */
export type Text = string | readonly (string | { readonly fact: PodFact })[];

/** The place of a setting that is a secret. */
export interface SettingSecret {
  readonly plugin: string;
  readonly group: string;
  readonly item: string;
  /** In groups about ports: the port's key, `8080` or `api:5000`. */
  readonly port?: string;
  /** Changes when the secret changes; says nothing of its text. */
  readonly digest: string;
}

/** The token by which an installation's containers show discovery who they are. */
export interface DiscoveryToken {
  readonly plugin: string;
  /** The installation's own random name. */
  readonly instance: string;
}

/** Whoever runs the pod asks the server for the text, just before it is needed. */
export type SecretReference = SettingSecret | DiscoveryToken;

/** A variable: plain text, text with facts in it, or a secret. */
export type Variable =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly parts: Exclude<Text, string> }
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
  /** Directories whose files the runtime keeps equal to the plug-in's settings ({@link Discovery.files}); sorted, none within another. */
  readonly fileDirectories?: readonly string[];
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
  /** Where callers from outside the pod really arrive when an ingress plug-in has taken the port over; absent: at the port itself. */
  readonly entry?: number;
  /** Ports of the further plug-ins on the way, which nobody outside the pod may reach, lest a plug-in be passed by. */
  readonly inner?: readonly number[];
}

/**
 * What an egress plug-in stands in the way of: whoever in the pod calls one of `addresses` at `port` comes to `listen`, except the egress plug-ins
 * themselves, which are told from the rest by their users. Names are resolved as ever, so that an app which keeps an address is caught as well.
 */
export interface Detour {
  /** The dependency's name. */
  readonly component: string;
  /** IPv4 addresses of its pods as they run now; changes as they come and go. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly protocol: Protocol;
  readonly listen: number;
  /** Numbers of the users whose calls pass. */
  readonly exceptUsers: readonly number[];
}

/** A setting on its way to a plug-in. */
export type DiscoveryOption = Text | { readonly secret: SettingSecret };
export type DiscoveryOptions<Option = DiscoveryOption> = Readonly<Record<string, Option>>;

/**
 * What discovery serves to one plug-in. Its shape is Rainbond's ResourceSpec, to which `endpoints` and the `listen_port` of base_services are added.
 * `DiscoveryDocument<string>` is one with facts and secrets filled in, as it is served.
 */
export interface DiscoveryDocument<Option = DiscoveryOption> {
  readonly base_ports: readonly DiscoveryPort<Option>[];
  readonly base_services: readonly DiscoveryService<Option>[];
  readonly base_normal: { readonly options: DiscoveryOptions<Option> };
}

export interface DiscoveryPort<Option = DiscoveryOption> {
  readonly service_alias: string;
  readonly service_id: string;
  /** Where the plug-in passes traffic on to, at 127.0.0.1: the app, or the next plug-in on the way. */
  readonly port: number;
  /** Where the plug-in listens; the same as `port` for plug-ins that take no traffic over. */
  readonly listen_port: number;
  /** The port that callers know. */
  readonly origin_port: number;
  readonly protocol: Protocol;
  readonly options: DiscoveryOptions<Option>;
}

export interface DiscoveryService<Option = DiscoveryOption> {
  readonly service_alias: string;
  readonly service_id: string;
  readonly depend_service_alias: string;
  readonly depend_service_id: string;
  readonly port: number;
  /** Where the plug-in listens for it, at 127.0.0.1; the same as `port` for plug-ins that take no traffic over. */
  readonly listen_port: number;
  readonly protocol: Protocol;
  /** The pods behind it that have an address; for a plug-in before another one on the way: that one alone. */
  readonly endpoints: readonly DiscoveryEndpoint[];
  readonly options: DiscoveryOptions<Option>;
}

export interface DiscoveryEndpoint {
  /** Name of the pod. */
  readonly pod: string;
  readonly replica: number;
  readonly address: string;
  readonly port: number;
  /** Passes its readiness probes, and its plug-ins do. */
  readonly ready: boolean;
}

/** A plug-in's live settings. */
export interface Discovery {
  /** Rises with each change of the installation's values. */
  readonly revision: number;
  readonly document: DiscoveryDocument;
  /** Files in the plug-in's container, each with the part of the document that it holds. */
  readonly files: readonly DiscoveryFile[];
}

export interface DiscoveryFile extends ConfigFile {
  readonly document: DiscoveryDocument;
}

/** What a plug-in hands to the app. */
export interface PodExport {
  readonly plugin: string;
  /** Names of variables. */
  readonly env: readonly string[];
  /** Paths in the app's container. */
  readonly mounts: readonly string[];
}

/** A component with its plug-ins, ready to run: what a runtime makes real. Plain data: two equal pods have equal JSON. */
export interface Pod {
  /** `APPLICATION-COMPONENT`: what `${pod.name}` says in the first pod; further ones are called `APPLICATION-COMPONENT-N`, N from 1. */
  readonly name: string;
  readonly team: string;
  readonly application: string;
  readonly component: string;
  /** How many of it run. */
  readonly replicas: number;
  /** In the order in which they start: init, network, app, sidecar. */
  readonly containers: readonly Container[];
  readonly volumes: readonly PodVolume[];
  readonly ports: readonly PodPort[];
  readonly detours: readonly Detour[];
  readonly exports: readonly PodExport[];
  /** Components whose pods are started first. */
  readonly dependsOn: readonly string[];
  /** By plug-in name; the part of a pod that can change while it runs. */
  readonly discovery: Readonly<Record<string, Discovery>>;
}

/** The name of one of a pod's replicas, counted from 0. */
export function replicaName(pod: Pick<Pod, "application" | "component">, replica: number): string {
  return `${pod.application}-${pod.component}${replica === 0 ? "" : `-${replica}`}`;
}

/** Who a pod is, among all pods of an engine. */
export interface PodKey {
  readonly team: string;
  readonly application: string;
  readonly component: string;
}
