/**
 * The part of the xDS v3 protocol that is spoken here, as proto3: names and numbers as Envoy's public interface has them, all else left out.
 * What a client sends beyond it is skipped when it is read.
 */
export const protoTable: readonly string[] = [
  `syntax = "proto3"; package google.rpc;
  message Status { int32 code = 1; string message = 2; }`,

  `syntax = "proto3"; package envoy.service.discovery.v3;
  message DiscoveryRequest {
    string version_info = 1;
    config.core.v3.Node node = 2;
    repeated string resource_names = 3;
    string type_url = 4;
    string response_nonce = 5;
    google.rpc.Status error_detail = 6;
  }
  message DiscoveryResponse {
    string version_info = 1;
    repeated google.protobuf.Any resources = 2;
    string type_url = 4;
    string nonce = 5;
  }
  message DeltaDiscoveryRequest {
    config.core.v3.Node node = 1;
    string type_url = 2;
    repeated string resource_names_subscribe = 3;
    repeated string resource_names_unsubscribe = 4;
    map<string, string> initial_resource_versions = 5;
    string response_nonce = 6;
    google.rpc.Status error_detail = 7;
  }
  message DeltaDiscoveryResponse {
    string system_version_info = 1;
    repeated Resource resources = 2;
    string type_url = 4;
    string nonce = 5;
    repeated string removed_resources = 6;
  }
  message Resource {
    string version = 1;
    google.protobuf.Any resource = 2;
    string name = 3;
  }`,

  `syntax = "proto3"; package envoy.type.v3;
  message Percent { double value = 1; }`,

  `syntax = "proto3"; package envoy.type.matcher.v3;
  message StringMatcher { oneof match_pattern { string exact = 1; } }`,

  `syntax = "proto3"; package envoy.config.core.v3;
  enum ApiVersion { AUTO = 0; V2 = 1; V3 = 2; }
  enum HealthStatus { UNKNOWN = 0; HEALTHY = 1; UNHEALTHY = 2; }
  enum RoutingPriority { DEFAULT = 0; HIGH = 1; }
  enum TrafficDirection { UNSPECIFIED = 0; INBOUND = 1; OUTBOUND = 2; }
  message Locality { string region = 1; string zone = 2; string sub_zone = 3; }
  message Node {
    string id = 1;
    string cluster = 2;
    google.protobuf.Struct metadata = 3;
  }
  message AggregatedConfigSource {}
  message ConfigSource {
    oneof config_source_specifier { AggregatedConfigSource ads = 3; }
    ApiVersion resource_api_version = 6;
  }
  message SocketAddress {
    string address = 2;
    oneof port_specifier { uint32 port_value = 3; }
  }
  message Address { oneof address { SocketAddress socket_address = 1; } }
  message Http1ProtocolOptions {}
  message Http2ProtocolOptions {}
  message HttpProtocolOptions { google.protobuf.UInt32Value max_requests_per_connection = 6; }`,

  `syntax = "proto3"; package envoy.config.endpoint.v3;
  message Endpoint { core.v3.Address address = 1; }
  message LbEndpoint {
    oneof host_identifier { Endpoint endpoint = 1; }
    core.v3.HealthStatus health_status = 2;
  }
  message LocalityLbEndpoints {
    core.v3.Locality locality = 1;
    repeated LbEndpoint lb_endpoints = 2;
    google.protobuf.UInt32Value load_balancing_weight = 3;
    uint32 priority = 5;
  }
  message ClusterLoadAssignment {
    message Policy { google.protobuf.UInt32Value overprovisioning_factor = 3; }
    string cluster_name = 1;
    repeated LocalityLbEndpoints endpoints = 2;
    Policy policy = 4;
  }`,

  `syntax = "proto3"; package envoy.config.cluster.v3;
  message CircuitBreakers {
    message Thresholds {
      core.v3.RoutingPriority priority = 1;
      google.protobuf.UInt32Value max_connections = 2;
      google.protobuf.UInt32Value max_pending_requests = 3;
      google.protobuf.UInt32Value max_requests = 4;
      google.protobuf.UInt32Value max_retries = 5;
    }
    repeated Thresholds thresholds = 1;
  }
  message OutlierDetection {
    google.protobuf.UInt32Value consecutive_5xx = 1;
    google.protobuf.Duration base_ejection_time = 3;
    google.protobuf.UInt32Value max_ejection_percent = 4;
    google.protobuf.UInt32Value enforcing_consecutive_5xx = 5;
    google.protobuf.UInt32Value enforcing_success_rate = 6;
  }
  message Cluster {
    enum DiscoveryType { STATIC = 0; STRICT_DNS = 1; LOGICAL_DNS = 2; EDS = 3; }
    enum LbPolicy { ROUND_ROBIN = 0; }
    message EdsClusterConfig { core.v3.ConfigSource eds_config = 1; }
    message CommonLbConfig {
      message LocalityWeightedLbConfig {}
      type.v3.Percent healthy_panic_threshold = 1;
      oneof locality_config_specifier { LocalityWeightedLbConfig locality_weighted_lb_config = 3; }
    }
    string name = 1;
    oneof cluster_discovery_type { DiscoveryType type = 2; }
    EdsClusterConfig eds_cluster_config = 3;
    google.protobuf.Duration connect_timeout = 4;
    LbPolicy lb_policy = 6;
    CircuitBreakers circuit_breakers = 10;
    OutlierDetection outlier_detection = 19;
    CommonLbConfig common_lb_config = 27;
    endpoint.v3.ClusterLoadAssignment load_assignment = 33;
    map<string, google.protobuf.Any> typed_extension_protocol_options = 36;
  }`,

  `syntax = "proto3"; package envoy.config.route.v3;
  message HeaderMatcher {
    string name = 1;
    oneof header_match_specifier { type.matcher.v3.StringMatcher string_match = 13; }
  }
  message RouteMatch {
    oneof path_specifier { string prefix = 1; }
    repeated HeaderMatcher headers = 6;
  }
  message WeightedCluster {
    message ClusterWeight { string name = 1; google.protobuf.UInt32Value weight = 2; }
    repeated ClusterWeight clusters = 1;
  }
  message RetryPolicy { string retry_on = 1; google.protobuf.UInt32Value num_retries = 2; }
  message RouteAction {
    message MaxStreamDuration { google.protobuf.Duration max_stream_duration = 1; }
    oneof cluster_specifier { string cluster = 1; WeightedCluster weighted_clusters = 3; }
    google.protobuf.Duration timeout = 8;
    RetryPolicy retry_policy = 9;
    MaxStreamDuration max_stream_duration = 36;
  }
  message Route {
    RouteMatch match = 1;
    oneof action { RouteAction route = 2; }
  }
  message VirtualHost {
    string name = 1;
    repeated string domains = 2;
    repeated Route routes = 3;
  }
  message RouteConfiguration {
    string name = 1;
    repeated VirtualHost virtual_hosts = 2;
    bool ignore_port_in_host_matching = 14;
  }`,

  `syntax = "proto3"; package envoy.config.listener.v3;
  message Filter {
    string name = 1;
    oneof config_type { google.protobuf.Any typed_config = 4; }
  }
  message FilterChain { repeated Filter filters = 3; }
  message ApiListener { google.protobuf.Any api_listener = 1; }
  message Listener {
    string name = 1;
    core.v3.Address address = 2;
    repeated FilterChain filter_chains = 3;
    core.v3.TrafficDirection traffic_direction = 16;
    ApiListener api_listener = 19;
  }`,

  `syntax = "proto3"; package envoy.extensions.filters.http.router.v3;
  message Router { bool suppress_envoy_headers = 4; }`,

  `syntax = "proto3"; package envoy.extensions.filters.network.tcp_proxy.v3;
  message TcpProxy {
    message WeightedCluster {
      message ClusterWeight { string name = 1; uint32 weight = 2; }
      repeated ClusterWeight clusters = 1;
    }
    string stat_prefix = 1;
    oneof cluster_specifier { string cluster = 2; WeightedCluster weighted_clusters = 10; }
    google.protobuf.Duration idle_timeout = 8;
  }`,

  `syntax = "proto3"; package envoy.extensions.filters.network.http_connection_manager.v3;
  message Rds {
    envoy.config.core.v3.ConfigSource config_source = 1;
    string route_config_name = 2;
  }
  message HttpFilter {
    string name = 1;
    oneof config_type { google.protobuf.Any typed_config = 4; }
  }
  message HttpConnectionManager {
    enum ServerHeaderTransformation { OVERWRITE = 0; APPEND_IF_ABSENT = 1; PASS_THROUGH = 2; }
    message UpgradeConfig { string upgrade_type = 1; }
    string stat_prefix = 2;
    oneof route_specifier { Rds rds = 3; }
    repeated HttpFilter http_filters = 5;
    repeated UpgradeConfig upgrade_configs = 23;
    google.protobuf.Duration stream_idle_timeout = 24;
    ServerHeaderTransformation server_header_transformation = 34;
  }`,

  `syntax = "proto3"; package envoy.extensions.upstreams.http.v3;
  message HttpProtocolOptions {
    message ExplicitHttpConfig {
      oneof protocol_config { envoy.config.core.v3.Http2ProtocolOptions http2_protocol_options = 2; }
    }
    message UseDownstreamHttpConfig {
      envoy.config.core.v3.Http1ProtocolOptions http_protocol_options = 1;
      envoy.config.core.v3.Http2ProtocolOptions http2_protocol_options = 2;
    }
    envoy.config.core.v3.HttpProtocolOptions common_http_protocol_options = 1;
    oneof upstream_protocol_options {
      ExplicitHttpConfig explicit_http_config = 3;
      UseDownstreamHttpConfig use_downstream_protocol_config = 4;
    }
  }`,
];
