import { randomInt } from "node:crypto";
import type { Probe } from "../../probe.ts";
import { type Cidr, readCidr } from "./cidr.ts";

export interface TestPool {
  readonly id: string;
  readonly pool: Cidr;
  /** As it was answered. */
  readonly text: string;
}

/** A network out of 198.18.0.0/15, which RFC 2544 keeps for tests. */
export function someNetwork(): string {
  return `198.${18 + randomInt(2)}.${randomInt(1, 255)}.0/24`;
}

export const gatewayOptions: Readonly<Record<string, string>> = { RequestAddressType: "com.docker.network.gateway" };

/** Asks for a pool; it is released when the check is over. */
export async function requestedPool(probe: Probe, pool: string = someNetwork(), subPool = ""): Promise<TestPool> {
  const spaces = await probe.succeed("IpamDriver.GetDefaultAddressSpaces");
  const args = { AddressSpace: probe.text(spaces, "LocalDefaultAddressSpace"), Pool: pool, SubPool: subPool, Options: {}, V6: false };
  const answer = await probe.succeed("IpamDriver.RequestPool", args);
  const [id, text] = [probe.text(answer, "PoolID"), probe.text(answer, "Pool")];
  if (id !== "") probe.tidy("IpamDriver.ReleasePool", { PoolID: id });
  probe.expect(id !== "", "a PoolID", "there is none");
  const read = readCidr(text);
  probe.object(answer, "Data");
  if (read === undefined) return probe.fail("Pool to be a network with its length", `it is ${JSON.stringify(text)}`);
  return { id, pool: read, text };
}

/** Asks for an address ("" for any); it is released when the check is over. */
export async function requestedAddress(
  probe: Probe,
  pool: TestPool,
  address: string,
  options: Readonly<Record<string, string>> | null,
): Promise<Cidr> {
  const answer = await probe.succeed("IpamDriver.RequestAddress", { PoolID: pool.id, Address: address, Options: options });
  const text = probe.text(answer, "Address");
  const read = readCidr(text);
  if (read === undefined) return probe.fail("Address to be an address with its length", `it is ${JSON.stringify(text)}`);
  probe.tidy("IpamDriver.ReleaseAddress", { PoolID: pool.id, Address: read.address });
  probe.object(answer, "Data");
  return read;
}

/** The options of an endpoint's address: its MAC address where the driver requires it, else null. */
export async function endpointOptions(probe: Probe): Promise<Readonly<Record<string, string>> | null> {
  const { value } = probe.verdict(await probe.ask("IpamDriver.GetCapabilities"));
  return value.get("RequiresMACAddress") === true ? { "com.docker.network.endpoint.macaddress": "02:42:9b:a2:bf:74" } : null;
}
