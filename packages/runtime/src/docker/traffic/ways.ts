import { isDeepStrictEqual } from "node:util";
import type { Detour, Pod, PodPort } from "@outrigger/pod";

/** A port of the pod that is not simply reached. */
export type TakenPort = Pick<PodPort, "port" | "protocol" | "entry" | "inner"> & {
  /** By this port the host's probes come to the port itself, past the plug-in that has taken it over; closed to everybody else. */
  readonly door?: number;
};

/** The ways that traffic takes in a pod's network, besides the direct one. Plain data: written on what lays it, as a label. */
export interface Ways {
  readonly ports: readonly TakenPort[];
  readonly detours: readonly Detour[];
  /** The host's address in the pod's network. */
  readonly host: string;
  /** The network plug-ins that were there when it was laid: those are on the way, or may be. */
  readonly plugins: readonly string[];
}

/** Nothing stands in the way of any traffic. */
export const directWays: Ways = { ports: [], detours: [], host: "", plugins: [] };

// Below the ports that plug-ins are given to listen on (from 65301), above those that Linux gives to callers (up to 60999).
const firstDoor = 64001;

/** The ways that a pod asks for. */
export function waysOf(pod: Pod, host: string): Ways {
  const used = new Set(pod.ports.flatMap(({ port, entry, inner }) => [port, entry, ...(inner ?? [])]));
  let door = firstDoor - 1;
  const nextDoor = (): number => {
    do door += 1;
    while (used.has(door));
    return door;
  };
  const ports = pod.ports.flatMap(({ port, protocol, entry, inner }): readonly TakenPort[] => {
    if (entry === undefined && (inner ?? []).length === 0) return [];
    const probed = entry !== undefined && protocol !== "udp" && protocol !== "sctp";
    return [{ port, protocol, ...(entry && { entry }), ...(inner && { inner }), ...(probed ? { door: nextDoor() } : {}) }];
  });
  const detours = pod.detours.filter(({ addresses }) => addresses.length > 0);
  if (ports.length === 0 && detours.length === 0) return directWays;
  const plugins = pod.containers.filter(({ role }) => role === "network").map(({ name }) => name);
  return { ports, detours, host, plugins };
}

export function sameWays(one: Ways | undefined, other: Ways): boolean {
  return isDeepStrictEqual(one, other);
}

/** Where the host reaches a port of the pod itself, whatever has taken it over. */
export function probedPort(ways: Ways | undefined, port: number): number {
  return ways?.ports.find((taken) => taken.port === port)?.door ?? port;
}

/** The pod with these ways in place of those it asks for. */
export function withWays(pod: Pod, { ports, detours }: Ways): Pod {
  return {
    ...pod,
    ports: pod.ports.map(({ entry: _entry, inner: _inner, ...port }) => {
      const { entry, inner } = ports.find((taken) => taken.port === port.port && taken.protocol === port.protocol) ?? {};
      return { ...port, ...(entry && { entry }), ...(inner && { inner }) };
    }),
    detours,
  };
}
