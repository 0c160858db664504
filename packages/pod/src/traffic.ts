import type { DependsOn, PodPluginSpec, Port, Protocol } from "@outrigger/plugin";
import type { Placed } from "./order.ts";

/** The side on which a plug-in takes traffic over. */
export type Side = "ingress" | "egress";

const groupOf: Readonly<Record<Side, DependsOn>> = { ingress: "port", egress: "downstream-port" };

/** The plug-ins that take over traffic on this side, in their order. */
export function takersOf(side: Side, placed: readonly Placed[]): readonly Placed[] {
  return placed.filter(({ installation }) => [side, "ingress-egress"].includes(installation.spec.pod.type));
}

/** Whether the plug-in takes over ports of this protocol: its port groups have settings for it, or say nothing of protocols. */
export function takes(spec: PodPluginSpec, side: Side, protocol: Protocol): boolean {
  const items = spec.config.filter((group) => group.dependsOn === groupOf[side]).flatMap((group) => group.items);
  return items.length === 0 || items.some((item) => item.protocol === undefined || item.protocol.includes(protocol));
}

/** The protocols, of those there are, that the plug-in takes over on this side. */
export function protocolsTaken(spec: PodPluginSpec, side: Side, there: readonly Port[]): ReadonlySet<Protocol> {
  return new Set(there.map(({ protocol }) => protocol).filter((protocol) => takes(spec, side, protocol)));
}
