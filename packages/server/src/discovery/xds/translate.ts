import type { DiscoveryDocument, DiscoveryPort, DiscoveryService } from "@outrigger/pod";
import { dependencyCluster, ownCluster } from "./clusters.ts";
import { loadAssignment } from "./endpoints.ts";
import { apiListener, httpListener, type SocketListener, tcpListener } from "./listeners.ts";
import type { Message } from "./messages.ts";
import { portCluster, serviceCluster, sharedRoutes, socketListener } from "./names.ts";
import { optionReader, readIdleTimeout, type Tell } from "./options.ts";
import { type Resource, type ResourceType, resource, type Snapshot } from "./resources.ts";
import { componentClusters, portRoutes, serviceRoutes } from "./routes.ts";
import { domainRoutes, type RoutedService } from "./shared-routes.ts";
import { readShares } from "./shares.ts";

/** Where the table over all dependencies is served. */
const sharedPort = 80;

type Put = (type: ResourceType, message: Message, listed?: boolean) => boolean;

/**
 * Turns a plug-in's document into Envoy's resources. What can't be read in it is told and counts as not given: there is no document without resources,
 * every route leads to a cluster, every cluster of EDS has its endpoints.
 */
export function translate(document: DiscoveryDocument<string>, tell: Tell): Snapshot {
  const snapshot = {
    cluster: new Map<string, Resource>(),
    endpoint: new Map<string, Resource>(),
    listener: new Map<string, Resource>(),
    route: new Map<string, Resource>(),
  };
  const put: Put = (type, message, listed) => {
    const made = resource(type, message, listed);
    if (snapshot[type].has(made.name)) {
      tell(`There are two of ${made.name}; only the first counts.`);
      return false;
    }
    snapshot[type].set(made.name, made);
    return true;
  };
  const services = document.base_services.filter(({ protocol }) => isSpoken(protocol));
  for (const port of document.base_ports) if (isSpoken(port.protocol)) addPort(port, put, tell);
  for (const service of services) addService(service, services, put, tell);
  addSharedRoutes(services, put, tell);
  return snapshot;
}

/** Envoy's listeners for UDP and SCTP are another matter. */
function isSpoken(protocol: DiscoveryPort["protocol"]): boolean {
  return protocol !== "udp" && protocol !== "sctp";
}

function isRouted(protocol: DiscoveryPort["protocol"]): boolean {
  return protocol === "http" || protocol === "grpc";
}

function addPort(port: DiscoveryPort<string>, put: Put, tell: Tell): void {
  // A plug-in that takes nothing over would listen where the app does.
  if (port.listen_port === port.port) return;
  const reader = optionReader(`${port.service_alias}:${port.origin_port}`, port.options, tell);
  const listener = listenerAt("0.0.0.0", port.listen_port, "INBOUND");
  if (!put("cluster", ownCluster(port, reader))) return;
  if (isRouted(port.protocol)) {
    put("route", portRoutes(port));
    put("listener", httpListener(listener, portCluster(port)));
  } else {
    put("listener", tcpListener(listener, new Map([[portCluster(port), 1]]), readIdleTimeout(reader)));
  }
}

function addService(service: DiscoveryService<string>, all: readonly DiscoveryService<string>[], put: Put, tell: Tell): void {
  const { depend_service_alias: alias, port, listen_port, protocol } = service;
  const reader = optionReader(`${alias}:${port}`, service.options, tell);
  const reaches = (component: string): boolean =>
    all.some((other) => other.depend_service_alias === component && other.port === port && other.protocol === protocol);
  if (!put("cluster", dependencyCluster(service, reader))) return;
  const shares = readShares(reader, alias, reaches);
  put("endpoint", loadAssignment(service, shares.replicas, reader));
  const listener = listenerAt("127.0.0.1", listen_port, "OUTBOUND");
  const takesOver = listen_port !== port;
  if (!isRouted(protocol)) {
    if (reader.text("ROUTES") !== undefined) reader.tell("ROUTES is for http and grpc only.");
    if (takesOver) put("listener", tcpListener(listener, componentClusters(service, shares), readIdleTimeout(reader)));
    return;
  }
  put("route", serviceRoutes(service, shares, reader, reaches));
  if (takesOver) put("listener", httpListener(listener, serviceCluster(service)));
  put("listener", apiListener(`${alias}:${port}`, serviceCluster(service)), false);
  const ports = all.filter((other) => other.depend_service_alias === alias);
  if (ports.length === 1) put("listener", apiListener(alias, serviceCluster(service)), false);
}

function addSharedRoutes(services: readonly DiscoveryService<string>[], put: Put, tell: Tell): void {
  const routed = services
    .filter(({ protocol }) => isRouted(protocol))
    .map(
      (service): RoutedService => ({
        service,
        reader: optionReader(`${service.depend_service_alias}:${service.port}`, service.options, tell),
      }),
    );
  const table = domainRoutes(routed);
  if (table === undefined) return;
  if (put("listener", httpListener(listenerAt("127.0.0.1", sharedPort, "OUTBOUND"), sharedRoutes))) put("route", table);
}

function listenerAt(address: string, port: number, direction: SocketListener["direction"]): SocketListener {
  return { name: socketListener(address, port), address, port, direction };
}
