import { contains, type Joined, parseAddress, parseSubnet } from "@outrigger/sdk/driver";
import type { Endpoint, Network } from "./state.ts";

type Pool = Network["pools"][number];

/**
 * What a container is told of ways: the gateways of the pools that its addresses are of, none in an internal network; and the
 * network's other pools, which lie on the same segment.
 */
export function waysOf(
  { pools, parent }: Pick<Network, "pools" | "parent">,
  { address, addressIPv6 }: Pick<Endpoint, "address" | "addressIPv6">,
): Pick<Joined, "gateway" | "gatewayIPv6" | "staticRoutes"> {
  const [v4, v6] = [poolOf(pools, address), poolOf(pools, addressIPv6)];
  const [gateway, gatewayIPv6] = [v4, v6].map((pool) => (parent === undefined ? undefined : pool?.gateway?.split("/")[0]));
  const others = [v4, v6].flatMap((own) => (own === undefined ? [] : pools.filter((pool) => pool !== own && isV6(pool) === isV6(own))));
  return {
    ...(gateway === undefined ? {} : { gateway }),
    ...(gatewayIPv6 === undefined ? {} : { gatewayIPv6 }),
    staticRoutes: others.map(({ pool }) => ({ destination: pool })),
  };
}

function poolOf(pools: readonly Pool[], address: string | undefined): Pool | undefined {
  return address === undefined ? undefined : pools.find(({ pool }) => contains(parseSubnet(pool), parseAddress(address)));
}

function isV6({ pool }: Pool): boolean {
  return pool.includes(":");
}
