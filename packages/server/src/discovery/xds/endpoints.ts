import { isIP } from "node:net";
import type { DiscoveryEndpoint, DiscoveryService } from "@outrigger/pod";
import { type Message, uint32 } from "./messages.ts";
import { serviceCluster } from "./names.ts";
import type { OptionReader } from "./options.ts";

const region = "outrigger";

/**
 * The endpoints of a dependency's port. With weights each replica is a locality of its own, because the weights of localities are what both Envoy
 * and the gRPC clients go by; those without a weight stand by, in case that none of the others is left.
 */
export function loadAssignment(
  service: DiscoveryService<string>,
  weights: ReadonlyMap<number, number> | undefined,
  reader: OptionReader,
): Message {
  const endpoints = usable(service.endpoints, reader);
  const name = serviceCluster(service);
  if (weights === undefined) {
    return { cluster_name: name, endpoints: endpoints.length === 0 ? [] : [locality({ region }, endpoints, 1, 0)] };
  }
  const byReplica = Map.groupBy(endpoints, (endpoint) => endpoint.replica);
  const weighted = [...byReplica].flatMap(([replica, group]) => {
    const weight = weights.get(replica) ?? 0;
    return weight > 0 ? [locality({ region, sub_zone: `replica-${replica}` }, group, weight, 0)] : [];
  });
  const spare = endpoints.filter((endpoint) => !weights.has(endpoint.replica));
  const standBy = spare.length === 0 ? [] : [locality({ region, sub_zone: "stand-by" }, spare, 1, weighted.length === 0 ? 0 : 1)];
  // So many percent: one healthy endpoint is enough to keep the others standing by.
  const policy = standBy.length > 0 && weighted.length > 0 ? { policy: { overprovisioning_factor: uint32(1_000_000) } } : {};
  return { cluster_name: name, endpoints: [...weighted, ...standBy], ...policy };
}

function locality(where: Message, endpoints: readonly DiscoveryEndpoint[], weight: number, priority: number): Message {
  return {
    locality: where,
    lb_endpoints: endpoints.map(({ address, port, ready }) => ({
      endpoint: { address: { socket_address: { address, port_value: port } } },
      health_status: ready ? "HEALTHY" : "UNHEALTHY",
    })),
    load_balancing_weight: uint32(weight),
    priority,
  };
}

/** Clients refuse all endpoints when one of them is there twice or has no address. */
function usable(endpoints: readonly DiscoveryEndpoint[], reader: OptionReader): readonly DiscoveryEndpoint[] {
  const seen = new Set<string>();
  return endpoints.filter(({ pod, address, port }) => {
    const key = `${address} ${port}`;
    const wrong = isIP(address) === 0 ? "has no IP address" : seen.has(key) ? "has the address of another one" : undefined;
    seen.add(key);
    if (wrong !== undefined) reader.tell(`the endpoint ${pod} ${wrong}.`);
    return wrong === undefined;
  });
}
