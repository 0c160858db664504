import { randomInt } from "node:crypto";
import type { Probe } from "../../probe.ts";
import type { GoObject } from "../../verdict.ts";

export interface TestNetwork {
  readonly id: string;
  /** The first three numbers of its addresses, out of 198.18.0.0/15, which RFC 2544 keeps for tests. */
  readonly subnet: string;
  /** An address that is not the driver's to use (`--aux-address`). */
  readonly auxiliary?: string;
}

/** The body of CreateNetwork as recorded from 20.10; newer engines add enable_ipv4 (28.0). */
export function networkBody(probe: Probe, { id, subnet, auxiliary }: TestNetwork): Readonly<Record<string, unknown>> {
  const addresses = auxiliary === undefined ? {} : { AuxAddresses: { one: `${auxiliary}/24` } };
  return {
    NetworkID: id,
    Options: {
      ...(probe.session.profile === "29" ? { "com.docker.network.enable_ipv4": true } : {}),
      "com.docker.network.enable_ipv6": false,
      "com.docker.network.generic": probe.session.networkOptions,
    },
    IPv4Data: [{ AddressSpace: "LocalDefault", ...addresses, Gateway: `${subnet}.1/24`, Pool: `${subnet}.0/24` }],
    IPv6Data: [],
  };
}

export function newNetwork(probe: Probe): TestNetwork {
  return { id: probe.id(), subnet: `198.${18 + randomInt(2)}.${randomInt(1, 255)}` };
}

/** Creates a network; it is deleted when the check is over. */
export async function createdNetwork(probe: Probe, network: TestNetwork = newNetwork(probe)): Promise<TestNetwork> {
  probe.tidy("NetworkDriver.DeleteNetwork", { NetworkID: network.id });
  await probe.succeed("NetworkDriver.CreateNetwork", networkBody(probe, network));
  return network;
}

/** The ids that every call for an endpoint names. */
export interface EndpointIds {
  readonly NetworkID: string;
  readonly EndpointID: string;
}

export function newEndpoint(probe: Probe, network: TestNetwork): EndpointIds {
  return { NetworkID: network.id, EndpointID: probe.id() };
}

export const emptyPorts: Readonly<Record<string, unknown>> = {
  "com.docker.network.endpoint.exposedports": [],
  "com.docker.network.portmap": [],
};

/** Creates an endpoint with an address and, if given, a MAC address; gives the Interface of the answer, if there is one. */
export async function createdEndpoint(probe: Probe, ids: EndpointIds, address: string, mac = ""): Promise<GoObject | undefined> {
  probe.tidy("NetworkDriver.DeleteEndpoint", ids);
  const answer = await probe.succeed("NetworkDriver.CreateEndpoint", {
    ...ids,
    Interface: { Address: address, AddressIPv6: "", MacAddress: mac },
    Options: emptyPorts,
  });
  return probe.object(answer, "Interface");
}

/** Joins a sandbox whose key is one that the engine could give; left when the check is over. */
export async function joined(probe: Probe, ids: EndpointIds): Promise<GoObject> {
  probe.tidy("NetworkDriver.Leave", ids);
  return probe.succeed("NetworkDriver.Join", {
    ...ids,
    SandboxKey: `/var/run/docker/netns/${probe.id().slice(0, 12)}`,
    Options: emptyPorts,
  });
}
