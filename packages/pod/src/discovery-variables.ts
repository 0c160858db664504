import type { ComposeInput, DiscoveryPorts, PodInstallation } from "./compose-input.ts";
import { namespaceOf } from "./discovery.ts";
import type { Variable } from "./pod.ts";

/** Where Rainbond's discovery and xDS servers listen, and therefore ours. */
export const usualDiscoveryPorts: DiscoveryPorts = { http: 6100, xds: 6101 };

const host = { fact: "discovery.host" } as const;

/** The variables by which a plug-in finds its live settings: Rainbond's, and the token. */
export function discoveryVariables(input: ComposeInput, { plugin, instance }: PodInstallation): readonly Variable[] {
  const { http, xds } = input.discoveryPorts ?? usualDiscoveryPorts;
  const path = `/v1/resources/${namespaceOf(input)}/${input.component.name}/${plugin}`;
  return [
    { name: "API_HOST_PORT", value: String(http) },
    { name: "DISCOVER_TOKEN", secret: { plugin, instance } },
    { name: "DISCOVER_URL", parts: ["http://", host, `:${http}${path}`] },
    { name: "DISCOVER_URL_NOHOST", value: path },
    { name: "PLUGIN_ID", value: plugin },
    { name: "XDS_HOST_IP", parts: [host] },
    { name: "XDS_HOST_PORT", value: String(xds) },
  ];
}
