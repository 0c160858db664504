import { createHash } from "node:crypto";
import { encode, type Message, typeUrl } from "./messages.ts";

/** In the order in which changes are made before what they replace is broken off. */
export const resourceTypes = ["cluster", "endpoint", "listener", "route"] as const;
export type ResourceType = (typeof resourceTypes)[number];

const messageTypes: Readonly<Record<ResourceType, string>> = {
  cluster: "envoy.config.cluster.v3.Cluster",
  endpoint: "envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "envoy.config.listener.v3.Listener",
  route: "envoy.config.route.v3.RouteConfiguration",
};

/** A resource as it is sent. Two of the same version are equal. */
export interface Resource {
  readonly name: string;
  readonly version: string;
  /** A `google.protobuf.Any`. */
  readonly any: { readonly type_url: string; readonly value: Uint8Array };
  /** False: only for who asks for it by name. */
  readonly listed: boolean;
}

export type Resources = ReadonlyMap<string, Resource>;

/** All that one plug-in may see at one time. */
export type Snapshot = Readonly<Record<ResourceType, Resources>>;

export const noResources: Snapshot = { cluster: new Map(), endpoint: new Map(), listener: new Map(), route: new Map() };

export function resource(type: ResourceType, message: Message, listed = true): Resource {
  const value = encode(messageTypes[type], message);
  const name = String(type === "endpoint" ? message["cluster_name"] : message["name"]);
  return { name, version: digest([value]), any: { type_url: typeUrlOf(type), value }, listed };
}

export function typeUrlOf(type: ResourceType): string {
  return typeUrl(messageTypes[type]);
}

export function resourceTypeOf(url: string): ResourceType | undefined {
  return resourceTypes.find((type) => typeUrlOf(type) === url);
}

/** The version of some resources together; the same after a restart when they are the same. */
export function versionOf(resources: Resources): string {
  const lines = [...resources.values()].map(({ name, version }) => `${name}\0${version}\0`);
  return digest(lines.toSorted());
}

function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("base64url").slice(0, 16);
}
