import type { Component, Port } from "@outrigger/plugin";
import type { ComposeInput, Dependency } from "./compose-input.ts";
import type { Placed } from "./order.ts";
import type { Detour, PodPort } from "./pod.ts";
import { type Side, takersOf, takes } from "./traffic.ts";

/** Ports that plug-ins listen on: Rainbond's range for ingress plug-ins, and the rest above it for egress plug-ins. */
const ranges: Readonly<Record<Side, { readonly first: number; readonly count: number }>> = {
  ingress: { first: 65_301, count: 100 },
  egress: { first: 65_401, count: 135 },
};

/** Where one plug-in stands in the way of one port: it listens on `listen`; `next` is where the next plug-in on the way does, if there is one. */
export interface Hop {
  readonly plugin: string;
  readonly listen: number;
  readonly next?: number;
}

/** The ways through the plug-ins, first plug-in first, for each port that any of them takes over. */
export interface Ways {
  /** By the component's port. */
  readonly ingress: ReadonlyMap<number, readonly Hop[]>;
  /** By `COMPONENT:PORT`. */
  readonly egress: ReadonlyMap<string, readonly Hop[]>;
}

/** Lays out the ways of all traffic through the plug-ins, in their order. */
export function layWays({ component, downstream }: ComposeInput, ordered: readonly Placed[]): Ways {
  const used = new Set(component.ports.map(({ port }) => port));
  const calls = downstream.flatMap((dependency) => dependency.ports.map((port) => ({ key: wayKey(dependency, port), port })));
  return {
    ingress: lay(
      "ingress",
      component.ports.map((port) => ({ key: port.port, port })),
      ordered,
      used,
    ),
    egress: lay("egress", calls, ordered, used),
  };
}

export function wayKey({ component }: Pick<Dependency, "component">, { port }: Pick<Port, "port">): string {
  return `${component}:${port}`;
}

function lay<Key extends string | number>(
  side: Side,
  ports: readonly { readonly key: Key; readonly port: Port }[],
  ordered: readonly Placed[],
  used: Set<number>,
): ReadonlyMap<Key, readonly Hop[]> {
  const takers = takersOf(side, ordered);
  const ways = new Map<Key, readonly Hop[]>();
  for (const { key, port } of ports) {
    const own = takers.filter(({ installation }) => takes(installation.spec, side, port.protocol));
    if (own.length === 0) continue;
    const listens = own.map(({ installation }) => draw(ranges[side], `${installation.plugin} ${key}`, used));
    ways.set(
      key,
      own.map(({ installation }, at) => {
        const next = listens[at + 1];
        return { plugin: installation.plugin, listen: listens[at] ?? 0, ...(next === undefined ? {} : { next }) };
      }),
    );
  }
  return ways;
}

/** A plug-in keeps its port while others come and go: it is drawn by who the plug-in is and what it stands before, not by its place on the way. */
function draw({ first, count }: { readonly first: number; readonly count: number }, who: string, used: Set<number>): number {
  const start = hash(who) % count;
  let port = first + start;
  for (let step = 1; used.has(port) && step < count; step += 1) port = first + ((start + step) % count);
  for (let further = 1025; used.has(port); further += 1) port = further;
  used.add(port);
  return port;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return value;
}

/** The pod's ports, with where callers from outside arrive and which ports are closed to them. */
export function podPorts(component: Component, { ingress }: Ways): readonly PodPort[] {
  return component.ports.map((port: Port) => {
    const [first, ...inner] = ingress.get(port.port) ?? [];
    if (first === undefined) return port;
    return { ...port, entry: first.listen, ...(inner.length === 0 ? {} : { inner: inner.map(({ listen }) => listen) }) };
  });
}

/** What the egress plug-ins stand in the way of. */
export function podDetours({ downstream }: ComposeInput, { egress }: Ways, ordered: readonly Placed[]): readonly Detour[] {
  const exceptUsers = [
    ...new Set(takersOf("egress", ordered).flatMap((each) => each.installation.spec.pod.securityContext.runAsUser ?? [])),
  ];
  return downstream.flatMap((dependency) =>
    dependency.ports.flatMap((port): readonly Detour[] => {
      const [first] = egress.get(wayKey(dependency, port)) ?? [];
      if (first === undefined) return [];
      const addresses = (dependency.endpoints ?? []).map(({ address }) => address).sort();
      return [{ component: dependency.component, addresses, port: port.port, protocol: port.protocol, listen: first.listen, exceptUsers }];
    }),
  );
}
