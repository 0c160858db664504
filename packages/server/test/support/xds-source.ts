import type { DiscoveryDocument, DiscoveryEndpoint, DiscoveryPort, DiscoveryService } from "@outrigger/pod";
import { pino } from "pino";
import {
  startXdsServer,
  type XdsRequest,
  type XdsServer,
  type XdsServerOptions,
  type XdsSource,
} from "../../src/discovery/xds/xds-server.ts";

export const shopNode = "default.shop_egress-gateway_web";

/** One plug-in's document that a test can change. */
export interface TestSource extends XdsSource {
  /** Who asked, in order. */
  readonly requests: XdsRequest[];
  readonly watchers: () => number;
  readonly set: (document: DiscoveryDocument<string>) => void;
  /** What `read` throws from now on; undefined: nothing. */
  readonly fail: (error: Error | undefined) => void;
  /** Tells the watchers of a change. */
  readonly ring: () => void;
}

/** `token`: the one that may read; absent: all may. */
export function testSource(first: DiscoveryDocument<string>, token?: string): TestSource {
  let document = first;
  let revision = 1;
  let failure: Error | undefined;
  const requests: XdsRequest[] = [];
  const watchers = new Set<() => void>();
  const ring = (): void => {
    for (const watcher of watchers) watcher();
  };
  return {
    requests,
    ring,
    watchers: () => watchers.size,
    set(next) {
      document = next;
      revision += 1;
      ring();
    },
    fail: (error) => {
      failure = error;
    },
    async read(request) {
      requests.push(request);
      if (failure !== undefined) throw failure;
      if (request.node !== shopNode) throw statusError(404);
      if (token !== undefined && request.token !== token) throw statusError(request.token === undefined ? 401 : 403);
      return { revision, document };
    },
    watch(_node, onChange, signal) {
      watchers.add(onChange);
      signal.addEventListener("abort", () => watchers.delete(onChange));
    },
  };
}

export function statusError(status: number): Error {
  return Object.assign(new Error(`refused with ${status}`), { status });
}

export function startTestServer(source: XdsSource, options: Partial<XdsServerOptions> = {}): Promise<XdsServer> {
  return startXdsServer({ source, host: "127.0.0.1", port: 0, accepts: () => true, log: pino({ level: "silent" }), ...options });
}

export function documentOf(
  services: readonly DiscoveryService<string>[],
  ports: readonly DiscoveryPort<string>[] = [],
): DiscoveryDocument<string> {
  return { base_ports: ports, base_services: services, base_normal: { options: {} } };
}

export function serviceOf(component: string, fields: Partial<DiscoveryService<string>> = {}): DiscoveryService<string> {
  return {
    service_alias: "web",
    service_id: "default.shop.web",
    depend_service_alias: component,
    depend_service_id: `default.shop.${component}`,
    port: 5000,
    listen_port: 65_310,
    protocol: "grpc",
    endpoints: [],
    options: {},
    ...fields,
  };
}

export function portOf(port: number, fields: Partial<DiscoveryPort<string>> = {}): DiscoveryPort<string> {
  return {
    service_alias: "web",
    service_id: "default.shop.web",
    port,
    listen_port: 65_301,
    origin_port: port,
    protocol: "http",
    options: {},
    ...fields,
  };
}

/** Replicas at these ports of 127.0.0.1, all of them ready. */
export function endpointsAt(component: string, ...ports: readonly number[]): readonly DiscoveryEndpoint[] {
  return ports.map((port, replica) => ({ pod: `shop-${component}-${replica}`, replica, address: "127.0.0.1", port, ready: true }));
}
