import type { DiscoveryPort, DiscoveryService } from "@outrigger/pod";
import { duration, type Message, packed, uint32 } from "./messages.ts";
import { portCluster, serviceCluster } from "./names.ts";
import {
  type Ejection,
  type Limits,
  type OptionReader,
  readConnectTimeout,
  readEjection,
  readLimits,
  readPanicThreshold,
} from "./options.ts";

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** The cluster of a dependency's port; its endpoints come apart, by EDS. */
export function dependencyCluster(service: DiscoveryService<string>, reader: OptionReader): Message {
  const limits = readLimits(reader);
  const ejection = readEjection(reader);
  return {
    name: serviceCluster(service),
    type: "EDS",
    eds_cluster_config: { eds_config: { ads: {}, resource_api_version: "V3" } },
    connect_timeout: duration(readConnectTimeout(reader)),
    lb_policy: "ROUND_ROBIN",
    circuit_breakers: circuitBreakers(limits),
    ...(ejection === undefined ? {} : { outlier_detection: outlierDetection(ejection) }),
    common_lb_config: { healthy_panic_threshold: { value: readPanicThreshold(reader) }, locality_weighted_lb_config: {} },
    ...protocolOptions(service.protocol, limits),
  };
}

/** The cluster of what a port's traffic is passed on to, in the pod itself. */
export function ownCluster(port: DiscoveryPort<string>, reader: OptionReader): Message {
  const name = portCluster(port);
  const limits = readLimits(reader);
  const endpoint = { address: { socket_address: { address: "127.0.0.1", port_value: port.port } } };
  return {
    name,
    type: "STATIC",
    connect_timeout: duration(readConnectTimeout(reader)),
    lb_policy: "ROUND_ROBIN",
    circuit_breakers: circuitBreakers(limits),
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    ...protocolOptions(port.protocol, limits),
  };
}

function circuitBreakers(limits: Limits): Message {
  const threshold = {
    priority: "DEFAULT",
    max_connections: uint32(limits.connections),
    max_pending_requests: uint32(limits.pending),
    max_requests: uint32(limits.requests),
    max_retries: uint32(limits.retries),
  };
  return { thresholds: [threshold] };
}

/** Only what was asked for counts: the comparison of success rates, on by default in clients, is off. */
function outlierDetection({ errors, seconds, percent }: Ejection): Message {
  return {
    consecutive_5xx: uint32(errors),
    enforcing_consecutive_5xx: uint32(100),
    base_ejection_time: duration(seconds),
    max_ejection_percent: uint32(percent),
    enforcing_success_rate: uint32(0),
  };
}

function protocolOptions(protocol: DiscoveryPort["protocol"], { requestsPerConnection }: Limits): Message {
  if (protocol !== "http" && protocol !== "grpc") return {};
  const upstream =
    protocol === "grpc"
      ? { explicit_http_config: { http2_protocol_options: {} } }
      : { use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} } };
  const common =
    requestsPerConnection === undefined
      ? {}
      : { common_http_protocol_options: { max_requests_per_connection: uint32(requestsPerConnection) } };
  return { typed_extension_protocol_options: { [httpOptions]: packed(httpOptions, { ...common, ...upstream }) } };
}
