import type { CallContext, MaybePromise } from "./call-context.ts";

/** One subnet as the IPAM driver gave it. */
export interface IpamData {
  readonly addressSpace: string;
  /** e.g. `10.1.0.0/24` */
  readonly pool: string;
  /** With its length: `10.1.0.1/24`. Absent when the IPAM driver gave none. */
  readonly gateway?: string;
  /** By name, with their lengths. */
  readonly auxAddresses: Readonly<Record<string, string>>;
}

export interface NamedNetwork {
  readonly networkId: string;
}

export interface NetworkCreation extends NamedNetwork {
  /** `docker network create -o KEY=VALUE`. */
  readonly options: Readonly<Record<string, string>>;
  /** All that the engine sends, by its own names, e.g. `com.docker.network.enable_ipv6`. */
  readonly engineOptions: Readonly<Record<string, unknown>>;
  readonly ipv4: readonly IpamData[];
  readonly ipv6: readonly IpamData[];
}

export interface NamedEndpoint extends NamedNetwork {
  readonly endpointId: string;
}

/** What an endpoint has or gets: addresses with their lengths (`10.1.0.2/24`), a hardware address as `02:42:0a:01:00:02`. */
export interface EndpointInterface {
  readonly address?: string;
  readonly addressIPv6?: string;
  readonly macAddress?: string;
}

export interface EndpointCreation extends NamedEndpoint {
  /** What the engine has given already; the driver may add the rest, and must not change it. */
  readonly interface: EndpointInterface;
  readonly engineOptions: Readonly<Record<string, unknown>>;
}

export interface EndpointJoin extends NamedEndpoint {
  /** Path of the container's network namespace. */
  readonly sandboxKey: string;
  readonly engineOptions: Readonly<Record<string, unknown>>;
}

export interface EndpointOptions extends NamedEndpoint {
  readonly engineOptions: Readonly<Record<string, unknown>>;
}

export interface StaticRoute {
  readonly destination: string;
  /** Absent: the destination is on the link itself. */
  readonly nextHop?: string;
}

export interface Joined {
  /** The link that the engine moves into the container; absent: none. */
  readonly interfaceName?: {
    /** Its name on the host. */
    readonly source: string;
    /** Its name in the container begins so: `eth` gives `eth0`. */
    readonly prefix: string;
    /** Its whole name in the container; engines from 28 on. */
    readonly name?: string;
  };
  readonly gateway?: string;
  readonly gatewayIPv6?: string;
  readonly staticRoutes?: readonly StaticRoute[];
  /** Without it and without a gateway, the engine adds a way out of its own (docker_gwbridge). */
  readonly disableGatewayService?: boolean;
}

/** Another machine of the cluster, as the engine finds it. */
export interface DiscoveredNode {
  readonly address: string;
  readonly bindAddress: string;
  readonly self: boolean;
}

/**
 * Serves networks (`docker.networkdriver/1.0`). Methods that are left away are answered as engines tolerate it:
 * the optional ones succeed and do nothing, external connectivity is answered with 404.
 */
export interface NetworkDriver {
  /** `global`: networks of a swarm. */
  readonly scope: "local" | "global";
  /** How far addresses reach; absent: as `scope` says. */
  readonly connectivityScope?: "local" | "global";
  /** On the swarm's manager, before any machine has the network. @returns options that every machine's createNetwork gets */
  allocateNetwork?(request: NetworkCreation, context: CallContext): MaybePromise<Readonly<Record<string, string>>>;
  freeNetwork?(request: NamedNetwork, context: CallContext): MaybePromise<void>;
  createNetwork(request: NetworkCreation, context: CallContext): MaybePromise<void>;
  deleteNetwork(request: NamedNetwork, context: CallContext): MaybePromise<void>;
  /** @returns what the engine has not given: a value for a field that came with one is an error */
  createEndpoint(request: EndpointCreation, context: CallContext): MaybePromise<EndpointInterface | undefined>;
  deleteEndpoint(request: NamedEndpoint, context: CallContext): MaybePromise<void>;
  endpointInfo?(request: NamedEndpoint, context: CallContext): MaybePromise<Readonly<Record<string, unknown>>>;
  join(request: EndpointJoin, context: CallContext): MaybePromise<Joined | undefined>;
  leave(request: NamedEndpoint, context: CallContext): MaybePromise<void>;
  programExternalConnectivity?(request: EndpointOptions, context: CallContext): MaybePromise<void>;
  revokeExternalConnectivity?(request: NamedEndpoint, context: CallContext): MaybePromise<void>;
  /** Engines from 28 on ask whether the network needs gateway addresses. */
  checkGatewayAllocation?(
    request: Pick<NetworkCreation, "options" | "engineOptions">,
    context: CallContext,
  ): MaybePromise<{ readonly skipIPv4: boolean; readonly skipIPv6: boolean }>;
  nodeDiscovered?(node: DiscoveredNode, context: CallContext): MaybePromise<void>;
  nodeGone?(node: DiscoveredNode, context: CallContext): MaybePromise<void>;
  close?(): MaybePromise<void>;
}
