import {
  type AddressPool,
  defineIpamDriver,
  driverError,
  formatAddress,
  formatSubnet,
  freeSubnet,
  type IpamDriver,
  isTaken,
  newAddressPool,
  overlap,
  type PoolRequest,
  parseSubnet,
  release,
  type StateFile,
  type Taken,
  take,
  takeNext,
} from "@outrigger/sdk/driver";

/** The pools that are given out, by address space and subnet, e.g. `macvlan-local/10.1.0.0/24`. */
export type Pools = Readonly<Record<string, AddressPool>>;

const spaces = { local: "macvlan-local", global: "macvlan-global" };

/** Where pools come from that nobody chose. */
const bases = { v4: { subnet: "10.200.0.0/16", length: 24 }, v6: { subnet: "fd00:6d61:6376::/48", length: 64 } };

/**
 * Addresses for networks on a shared segment. It differs from an engine's own IPAM in its gateways: one that is not given is the
 * subnet's first address even where `--ip-range` is another part of it, so that machines which share a subnet have one gateway.
 */
export function createMacvlanIpam(file: StateFile<Pools>): IpamDriver {
  const change = async (poolId: string, taken: (pool: AddressPool) => Taken): Promise<{ readonly address: string }> => {
    let address = "";
    await file.update((pools) => {
      const result = taken(poolOf(pools, poolId));
      address = result.address;
      return { ...pools, [poolId]: result.pool };
    });
    return { address };
  };
  return defineIpamDriver({
    addressSpaces: spaces,
    async requestPool(request) {
      let made = { poolId: "", pool: "" };
      await file.update((pools) => {
        const pool = poolFor(pools, request);
        const poolId = `${request.addressSpace}/${pool.pool}`;
        made = { poolId, pool: pool.pool };
        return Object.hasOwn(pools, poolId) ? pools : { ...pools, [poolId]: pool };
      });
      return made;
    },
    releasePool: async ({ poolId }) => {
      await file.update((pools) => {
        const { [poolId]: released, ...others } = pools;
        return released === undefined ? pools : others;
      });
    },
    requestAddress: ({ poolId, address, gateway }) =>
      change(poolId, (pool) => {
        if (address !== undefined) return isReplay(poolId, pool, address) ? given(pool, address) : take(pool, address);
        return gateway ? takeGateway(pool) : takeNext(pool);
      }),
    releaseAddress: async ({ poolId, address }) => {
      await file.update((pools) =>
        Object.hasOwn(pools, poolId) ? { ...pools, [poolId]: release(poolOf(pools, poolId), address) } : pools,
      );
    },
  });
}

function poolOf(pools: Pools, poolId: string): AddressPool {
  const pool = Object.hasOwn(pools, poolId) ? pools[poolId] : undefined;
  if (pool !== undefined) return pool;
  throw driverError(`the pool ${poolId} is not known here: the driver's state was lost; remove the network and create it again`);
}

/** @throws DriverError where the subnet overlaps another, or none is free */
function poolFor(pools: Pools, { addressSpace, pool, subPool, v6 }: PoolRequest): AddressPool {
  const others = Object.entries(pools).filter(([id]) => id.startsWith(`${addressSpace}/`));
  const taken = others.map(([, other]) => parseSubnet(other.pool));
  if (pool === undefined) {
    if (subPool !== undefined) throw driverError("a range needs the subnet that it is a part of");
    const base = v6 ? bases.v6 : bases.v4;
    const free = freeSubnet(parseSubnet(base.subnet), base.length, taken);
    if (free === undefined) throw driverError(`${base.subnet} has no free subnet: choose one by --subnet`);
    return newAddressPool(formatSubnet(free));
  }
  const asked = newAddressPool(pool, subPool);
  const same = others.find(([, other]) => other.pool === asked.pool);
  if (addressSpace === spaces.global && same !== undefined) return same[1];
  const other = taken.find((each) => overlap(each, parseSubnet(asked.pool)));
  if (other !== undefined) throw driverError(`the subnet ${asked.pool} overlaps ${formatSubnet(other)}, which another network has`);
  return asked;
}

/** A swarm's manager that begins anew asks for all that it has given out. */
function isReplay(poolId: string, pool: AddressPool, address: string): boolean {
  return poolId.startsWith(`${spaces.global}/`) && isTaken(pool, address);
}

function given(pool: AddressPool, address: string): Taken {
  return { pool, address: `${address}/${parseSubnet(pool.pool).length}` };
}

/** The first address of the subnet that is not its own. */
function takeGateway(pool: AddressPool): Taken {
  const { version, first, last } = parseSubnet(pool.pool);
  const address = formatAddress({ version, value: last - first < 2n ? first : first + 1n });
  return isTaken(pool, address) ? takeNext(pool) : take(pool, address);
}
