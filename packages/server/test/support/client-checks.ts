import { createRequire } from "node:module";
import type { Resource, ResourceType } from "../../src/discovery/xds/resources.ts";

interface Check {
  readonly decode: (
    context: object,
    any: Resource["any"],
  ) => { readonly name: string; readonly error?: string; readonly errors?: readonly string[] };
}

const load = createRequire(import.meta.url);
const files: Readonly<Record<ResourceType, readonly [file: string, name: string]>> = {
  cluster: ["cluster-resource-type", "ClusterResourceType"],
  endpoint: ["endpoint-resource-type", "EndpointResourceType"],
  listener: ["listener-resource-type", "ListenerResourceType"],
  route: ["route-config-resource-type", "RouteConfigurationResourceType"],
};

/** Why gRPC's own client would refuse a resource; undefined: it takes it. */
export function refusal(type: ResourceType, { any }: Resource): string | undefined {
  const [file, name] = files[type];
  const module = load(`@grpc/grpc-js-xds/build/src/xds-resource-type/${file}`) as Readonly<Record<string, { readonly get: () => Check }>>;
  const result = module[name]?.get().decode({ bootstrap: { certificateProviders: {} } }, any);
  return result === undefined ? "There is no such check." : (result.error ?? result.errors?.join("; "));
}
