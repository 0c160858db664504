import type { Component, Port } from "@outrigger/plugin";
import type { Placed } from "./order.ts";
import type { PodPort } from "./pod.ts";

/** First port that ingress plug-ins listen on, as in Rainbond (reference: its port map starts at 65301). */
const firstListenPort = 65301;

/** Where one ingress plug-in stands in the way of one port: it listens on `listen` and passes on to `target`. */
export interface Hop {
  readonly listen: number;
  readonly target: number;
}

/** For each plug-in by name, its hop for each of the component's ports. */
export type Hops = ReadonlyMap<string, ReadonlyMap<number, Hop>>;

/** Lays out the way from callers through the ingress plug-ins, in their order, to the app: first plug-in first, app last. */
export function layHops(component: Component, ordered: readonly Placed[]): Hops {
  const takers = ordered.filter(({ installation }) => ["ingress", "ingress-egress"].includes(installation.spec.pod.type));
  if (takers.length === 0) return new Map();
  const taken = new Set(component.ports.map(({ port }) => port));
  const free = freePorts(taken);
  const hops = new Map(takers.map(({ installation }) => [installation.plugin, new Map<number, Hop>()]));
  for (const { port } of component.ports) {
    const listens = takers.map(() => free.next().value);
    for (const [at, { installation }] of takers.entries()) {
      hops.get(installation.plugin)?.set(port, { listen: listens[at] ?? port, target: listens[at + 1] ?? port });
    }
  }
  return hops;
}

/** The pod's ports; `entry` is where traffic goes in when plug-ins have taken a port over. */
export function podPorts(component: Component, hops: Hops): readonly PodPort[] {
  const first = hops.values().next().value;
  return component.ports.map((port: Port) => {
    const entry = first?.get(port.port)?.listen;
    return { ...port, ...(entry === undefined ? {} : { entry }) };
  });
}

function* freePorts(taken: ReadonlySet<number>): Generator<number, number> {
  for (let port = firstListenPort; port <= 65535; port += 1) if (!taken.has(port)) yield port;
  for (let port = firstListenPort - 1; port > 1024; port -= 1) if (!taken.has(port)) yield port;
  return 0;
}
