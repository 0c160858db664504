import type { DiscoveryPort, DiscoveryService } from "@outrigger/pod";

/**
 * Components are named by DNS labels, which have no underscore and no dot: so these names can't meet each other, nor the `api:5000` of
 * listeners for clients without a proxy.
 */
export function serviceCluster({ depend_service_alias, port }: Pick<DiscoveryService, "depend_service_alias" | "port">): string {
  return `${depend_service_alias}_${port}`;
}

/** The app, or the next plug-in, in the pod itself. */
export function portCluster({ port }: Pick<DiscoveryPort, "port">): string {
  return `127.0.0.1_${port}`;
}

export function socketListener(address: string, port: number): string {
  return `${address}_${port}`;
}

/** The one routing table over all dependencies, by their `Domains`. */
export const sharedRoutes = "domains";
