import type { DiscoveryPort, DiscoveryService } from "@outrigger/pod";
import { duration, type Message, uint32 } from "./messages.ts";
import { portCluster, serviceCluster } from "./names.ts";
import { type OptionReader, readRetries, readTimeout } from "./options.ts";
import { type HeaderRoute, readRoutes, type Shares } from "./shares.ts";

/** Asked for nothing, a connection that can't be made is tried again elsewhere; a request that may have been read never is. */
const defaultRetries = 3;
const connectionFailures = "connect-failure,refused-stream";

/** Where the requests to a dependency's port go: by header, by share, else to the dependency itself. */
export function serviceRoutes(
  service: DiscoveryService<string>,
  shares: Shares,
  reader: OptionReader,
  reaches: (component: string) => boolean,
): Message {
  const how = routeOptions(service, reader);
  const byHeader = readRoutes(reader, reaches).map(({ header, value, component }: HeaderRoute) => ({
    match: { prefix: "/", headers: [headerMatch(header, value)] },
    route: { cluster: serviceCluster({ depend_service_alias: component, port: service.port }), ...how },
  }));
  const others = { match: { prefix: "/" }, route: { ...destination(componentClusters(service, shares)), ...how } };
  return routeConfiguration(serviceCluster(service), [{ name: "all", domains: ["*"], routes: [...byHeader, others] }]);
}

/** All requests that come to a port of the pod go to what is behind it. */
export function portRoutes(port: DiscoveryPort<string>): Message {
  const name = portCluster(port);
  return routeConfiguration(name, [
    { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: name, timeout: duration(0) } }] },
  ]);
}

export function routeConfiguration(name: string, hosts: readonly Message[]): Message {
  return { name, virtual_hosts: hosts, ignore_port_in_host_matching: true };
}

/** Clusters with their weights: the shares of a dependency and of the components beside it. */
export function componentClusters({ port }: DiscoveryService<string>, { components }: Shares): ReadonlyMap<string, number> {
  return new Map([...components].map(([component, weight]) => [serviceCluster({ depend_service_alias: component, port }), weight]));
}

/** A route's `cluster` or `weighted_clusters`. */
export function destination(clusters: ReadonlyMap<string, number>): Message {
  const [first = "", ...more] = clusters.keys();
  if (more.length === 0) return { cluster: first };
  return { weighted_clusters: { clusters: [...clusters].map(([name, weight]) => ({ name, weight: uint32(weight) })) } };
}

export function headerMatch(name: string, value: string): Message {
  return { name, string_match: { exact: value } };
}

/** Timeout and retries. Clients without a proxy know `max_stream_duration`, Envoy `timeout`. */
export function routeOptions({ protocol }: DiscoveryService<string>, reader: OptionReader): Message {
  const timeout = readTimeout(reader);
  const asked = readRetries(reader);
  const retries = asked ?? defaultRetries;
  const causes = protocol === "grpc" && asked !== undefined ? `${connectionFailures},unavailable` : connectionFailures;
  return {
    timeout: duration(timeout ?? 0),
    ...(timeout === undefined ? {} : { max_stream_duration: { max_stream_duration: duration(timeout) } }),
    ...(retries === 0 ? {} : { retry_policy: { retry_on: causes, num_retries: uint32(retries) } }),
  };
}
