import { duration, type Message, packed } from "./messages.ts";

const connectionManager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const tcpProxy = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
const router = "envoy.extensions.filters.http.router.v3.Router";

export interface SocketListener {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly direction: "INBOUND" | "OUTBOUND";
}

/** For Envoy: requests are routed by the named table. */
export function httpListener(at: SocketListener, routes: string): Message {
  const manager = {
    ...routedBy(at.name, routes),
    upgrade_configs: [{ upgrade_type: "websocket" }],
    // A proxy that nobody knows of must not end quiet streams, nor sign the answers.
    stream_idle_timeout: duration(0),
    server_header_transformation: "PASS_THROUGH",
  };
  return socketListener(at, { name: "envoy.filters.network.http_connection_manager", typed_config: packed(connectionManager, manager) });
}

/** For Envoy: connections are passed on as they are, to clusters with their weights. `idle`: seconds. */
export function tcpListener(at: SocketListener, clusters: ReadonlyMap<string, number>, idle: number): Message {
  const [first = "", ...more] = clusters.keys();
  const weighted = [...clusters].map(([name, weight]) => ({ name, weight }));
  const proxy = {
    stat_prefix: at.name,
    ...(more.length === 0 ? { cluster: first } : { weighted_clusters: { clusters: weighted } }),
    idle_timeout: duration(idle),
  };
  return socketListener(at, { name: "envoy.filters.network.tcp_proxy", typed_config: packed(tcpProxy, proxy) });
}

/** For gRPC clients without a proxy, which ask for it by name. */
export function apiListener(name: string, routes: string): Message {
  return { name, api_listener: { api_listener: packed(connectionManager, routedBy(name, routes)) } };
}

function socketListener({ name, address, port, direction }: SocketListener, filter: Message): Message {
  return {
    name,
    address: { socket_address: { address, port_value: port } },
    filter_chains: [{ filters: [filter] }],
    traffic_direction: direction,
  };
}

function routedBy(name: string, routes: string): Message {
  return {
    stat_prefix: name,
    rds: { config_source: { ads: {}, resource_api_version: "V3" }, route_config_name: routes },
    http_filters: [{ name: "envoy.filters.http.router", typed_config: packed(router, { suppress_envoy_headers: true }) }],
  };
}
