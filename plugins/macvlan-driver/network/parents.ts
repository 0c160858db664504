import { driverError, type StateFile } from "@outrigger/sdk/driver";
import type { Link, Links } from "../links/links.ts";
import { vlanOf } from "./settings.ts";
import type { MacvlanState, Network } from "./state.ts";

/** The link that a network's links stand on. */
export function parentName(id: string, { parent }: Pick<Network, "parent">): string {
  return parent ?? `mvp${id.slice(0, 12)}`;
}

/** Parents of networks: links that are there, VLANs made when they are absent, and closed ones of internal networks. */
export interface Parents {
  /** Makes what is absent, also after the host has started anew. @throws DriverError where the parent can't carry the network */
  ensure(id: string, network: Network): Promise<Link>;
  /** Removes what was made for this network and serves no other. */
  release(id: string, network: Network): Promise<void>;
}

export function createParents(links: Links, file: StateFile<MacvlanState>): Parents {
  const isOurs = (name: string, { parent }: Network): boolean => parent === undefined || file.state.vlans.includes(name);
  const makeVlan = async (name: string): Promise<void> => {
    const vlan = vlanOf(name);
    const base = vlan === undefined ? undefined : await links.find(vlan.parent);
    if (vlan === undefined || base === undefined) throw driverError(`the parent ${name} is not there; \`ip link\` lists the host's links`);
    await file.update((state) => ({ ...state, vlans: [...state.vlans.filter((each) => each !== name), name] }));
    await links.addVlan(name, vlan.parent, vlan.id);
  };
  return {
    async ensure(id, network) {
      const name = parentName(id, network);
      const there = await links.find(name);
      if (there === undefined) await (network.parent === undefined ? links.addClosed(name, network.mtu) : makeVlan(name));
      if (there?.up !== true && isOurs(name, network)) await links.bringUp(name);
      const link = there?.up === true ? there : await links.find(name);
      checkParent(link, name, network);
      return link;
    },
    async release(id, network) {
      const name = parentName(id, network);
      const shared = Object.entries(file.state.networks).some(([other, { parent }]) => other !== id && parent === name);
      if (shared || !isOurs(name, network)) return;
      await links.remove(name);
      await file.update((state) => ({ ...state, vlans: state.vlans.filter((each) => each !== name) }));
    },
  };
}

/** The kernel answers most of these with "Invalid argument". */
function checkParent(link: Link | undefined, name: string, { mtu = 0 }: Network): asserts link is Link {
  if (link === undefined) throw driverError(`the parent ${name} is not there`);
  if (!link.ethernet) throw driverError(`the parent ${name} carries no Ethernet frames`);
  if (!link.up) throw driverError(`the parent ${name} is down: \`ip link set ${name} up\` brings it up`);
  if (mtu > link.mtu) throw driverError(`mtu is ${mtu}, and the parent ${name} carries no more than ${link.mtu} bytes`);
}
