import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openStateFile } from "@outrigger/sdk/driver";
import { type DriverTest, testDriver } from "@outrigger/sdk/driver/test-kit";
import { createMacvlanIpam, type Pools } from "../addresses/macvlan-ipam.ts";
import { type IpProgram, runIp } from "../links/ip-program.ts";
import { createLinks } from "../links/links.ts";
import { createMacvlanDriver } from "../network/macvlan-driver.ts";
import { openMacvlanState } from "../network/state.ts";

/** A network namespace that stands for a host: `uplink0` leads to `switch0`, both in it. */
export interface OwnHost {
  /** `ip` in the namespace. */
  readonly ip: (...args: readonly string[]) => string;
  /** The names of its links, in their order. */
  readonly links: () => readonly string[];
  /** A driver in this namespace; a later one knows what the earlier ones have written. */
  readonly driver: (around?: (ip: IpProgram) => IpProgram) => Promise<DriverTest>;
  readonly folder: string;
}

export function ownHost(context: TestContext): OwnHost {
  const name = `macvlan-${randomBytes(4).toString("hex")}`;
  const folder = mkdtempSync(join(tmpdir(), "macvlan-driver-"));
  const ip = (...args: readonly string[]): string => execFileSync("ip", ["-n", name, ...args], { encoding: "utf8" });
  execFileSync("ip", ["netns", "add", name]);
  context.after(() => {
    execFileSync("ip", ["netns", "delete", name]);
    rmSync(folder, { recursive: true, force: true });
  });
  ip("link", "add", "uplink0", "type", "veth", "peer", "name", "switch0");
  for (const link of ["uplink0", "switch0"]) ip("link", "set", link, "up");
  const inside: IpProgram = (args) => runIp(["-n", name, ...args]);
  return {
    ip,
    folder,
    links: () => (JSON.parse(ip("-json", "link")) as readonly { readonly ifname: string }[]).map(({ ifname }) => ifname).toSorted(),
    async driver(around = (program) => program) {
      const file = await openMacvlanState(join(folder, "networks.json"));
      const network = await createMacvlanDriver({ scope: "local", links: createLinks(around(inside)), file });
      const ipam = createMacvlanIpam(await openStateFile<Pools>(join(folder, "pools.json"), {}));
      // Calls of a driver that ended in the middle hold the test's process no longer than this.
      return await testDriver({ network, ipam }, { limit: 5_000 });
    },
  };
}

/** A network's or an endpoint's id, as engines make them. */
export function id(): string {
  return randomBytes(32).toString("hex");
}

export const pool = { AddressSpace: "macvlan-local", Pool: "10.9.0.0/24", Gateway: "10.9.0.1/24" };

/** A call's arguments as an engine sends them. */
export function creation(networkId: string, generic: Readonly<Record<string, string>> | null, more: Record<string, unknown> = {}): unknown {
  const options = { "com.docker.network.enable_ipv6": false, "com.docker.network.generic": generic, ...more };
  return { NetworkID: networkId, Options: options, IPv4Data: [pool], IPv6Data: [] };
}

export function endpoint(networkId: string, endpointId: string, address: string, mac = ""): unknown {
  return { NetworkID: networkId, EndpointID: endpointId, Interface: { Address: address, AddressIPv6: "", MacAddress: mac }, Options: {} };
}
