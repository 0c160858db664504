import { networkInterfaces } from "node:os";

/** The pod's network, without its loopback, where the calls that plug-ins pass on would be seen a second time. */
export interface OwnNetwork {
  readonly interfaces: readonly string[];
  /** As they stand in packets: IPv6 without `::`. */
  readonly addresses: readonly string[];
}

export function ownNetwork(): OwnNetwork {
  const outer = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.flatMap(({ internal, address }) => (internal || address.startsWith("fe80:") ? [] : [{ name, address: plain(address) }])),
  );
  return { interfaces: [...new Set(outer.map(({ name }) => name))], addresses: [...new Set(outer.map(({ address }) => address))].sort() };
}

/** `fd00::1` as `fd00:0:0:0:0:0:0:1`. */
function plain(address: string): string {
  if (!address.includes("::")) return address;
  const [before = [], after = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after].join(":");
}
