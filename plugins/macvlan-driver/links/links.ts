import { driverError } from "@outrigger/sdk/driver";
import { type IpProgram, runIp } from "./ip-program.ts";

export const modes = ["bridge", "private", "vepa", "passthru"] as const;

/** How links on one parent reach each other, as the kernel has it (ip-link(8), `type macvlan`). */
export type Mode = (typeof modes)[number];

/** A network interface of the host. */
export interface Link {
  readonly name: string;
  /** Its hardware address, e.g. `02:42:0a:01:00:02`. */
  readonly address: string;
  readonly mtu: number;
  readonly up: boolean;
  /** False for loopback and others that carry no Ethernet frames. */
  readonly ethernet: boolean;
}

export interface MacvlanLink {
  readonly name: string;
  readonly parent: string;
  readonly mode: Mode;
  /** Absent: one that the kernel chooses; the parent's own for passthru. */
  readonly address?: string;
  /** Bytes. Absent: as the parent has it. */
  readonly mtu?: number;
}

/** Makes and removes the host's links. Everything needs CAP_NET_ADMIN in the network namespace of the host. */
export interface Links {
  find(name: string): Promise<Link | undefined>;
  addMacvlan(link: MacvlanLink): Promise<void>;
  addVlan(name: string, parent: string, id: number): Promise<void>;
  /** A link that drops all that is sent on it. */
  addClosed(name: string, mtu: number | undefined): Promise<void>;
  bringUp(name: string): Promise<void>;
  /** Nothing happens where there is no such link. */
  remove(name: string): Promise<void>;
}

export function createLinks(ip: IpProgram = runIp): Links {
  const done = async (what: string, args: readonly string[]): Promise<void> => {
    const outcome = await ip(args);
    if (!outcome.ok) throw driverError(`${what}: ${outcome.reason}`);
  };
  const find = async (name: string): Promise<Link | undefined> => {
    const outcome = await ip(["-json", "link", "show", "dev", name]);
    if (outcome.ok) return linkIn(outcome.text);
    if (outcome.reason.endsWith("does not exist.")) return undefined;
    throw driverError(`the link ${name} can't be looked at: ${outcome.reason}`);
  };
  return {
    find,
    addMacvlan({ name, parent, mode, address, mtu }) {
      const given = [...(address === undefined ? [] : ["address", address]), ...sized(mtu)];
      const args = ["link", "add", "link", parent, "name", name, ...given, "type", "macvlan", "mode", mode];
      return done(`a macvlan link in mode ${mode} can't be made on ${parent}`, args);
    },
    addVlan: (name, parent, id) =>
      done(`the VLAN ${name} can't be made on ${parent}`, ["link", "add", "link", parent, "name", name, "type", "vlan", "id", String(id)]),
    async addClosed(name, mtu) {
      // ifb drops what was not redirected to it, and so is what dummy is, for kernels without that.
      const [dummy, ifb] = ["dummy", "ifb"].map((type) => ["link", "add", "name", name, ...sized(mtu), "type", type]);
      if (!(await ip(dummy ?? [])).ok) await done("a parent without a way out can't be made", ifb ?? []);
    },
    bringUp: (name) => done(`${name} can't be brought up`, ["link", "set", "dev", name, "up"]),
    async remove(name) {
      const outcome = await ip(["link", "delete", "dev", name]);
      if (outcome.ok || (await find(name)) === undefined) return;
      throw driverError(`the link ${name} can't be removed: ${outcome.reason}`);
    },
  };
}

function sized(mtu: number | undefined): readonly string[] {
  return mtu === undefined ? [] : ["mtu", String(mtu)];
}

function linkIn(text: string): Link | undefined {
  const [found] = JSON.parse(text) as readonly {
    readonly ifname: string;
    readonly address?: string;
    readonly mtu: number;
    readonly flags: readonly string[];
    readonly link_type: string;
  }[];
  if (found === undefined) return undefined;
  const { ifname, address = "", mtu, flags, link_type } = found;
  return { name: ifname, address, mtu, up: flags.includes("UP"), ethernet: link_type === "ether" };
}
