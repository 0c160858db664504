import { isDeepStrictEqual } from "node:util";
import type { Host } from "../model/host.ts";

/** Hosts of a cluster before and after. */
export interface HostChanges {
  /** Those that are in it, in its order: as they are wanted, or, where they leave, as they are. */
  readonly present: readonly Host[];
  readonly joining: readonly Host[];
  /** As they are in the cluster. */
  readonly leaving: readonly Host[];
}

export function hostChanges(current: readonly Host[], wanted: readonly Host[]): HostChanges {
  const [own, other] = [byAddress(current), byAddress(wanted)];
  return {
    present: current.map((host) => other.get(host.ip) ?? host),
    joining: wanted.filter(({ ip }) => !own.has(ip)),
    leaving: current.filter(({ ip }) => !other.has(ip)),
  };
}

/** Is a host, which was in the cluster before, to be known to it by other labels, taints or roles? */
export function otherFacts(before: Host | undefined, after: Host): boolean {
  const facts = ({ roles, labels, taints }: Host): unknown => [roles.toSorted(), labels, taints];
  return before !== undefined && !isDeepStrictEqual(facts(before), facts(after));
}

export function byAddress(hosts: readonly Host[]): ReadonlyMap<string, Host> {
  return new Map(hosts.map((host) => [host.ip, host]));
}
