import { driverError } from "../driver-error.ts";
import type { AddressRequest, IpamDriver, PoolRequest } from "../interfaces/ipam-driver.ts";
import type { StateFile } from "../state/state-file.ts";
import { type AddressPool, newAddressPool, release, take, takeNext } from "./address-pool.ts";
import { formatSubnet, freeSubnet, parseSubnet } from "./subnet.ts";

/** The pools that are given out, by their ids. */
export type Pools = Readonly<Record<string, AddressPool>>;

export interface PoolIpamOptions {
  readonly file: StateFile<Pools>;
  /** Where pools come from that nobody chose. Default: 10.200.0.0/16 in /24, fd00:6f75:7472::/48 in /64. */
  readonly bases?: { readonly v4: PoolBase; readonly v6: PoolBase };
  readonly addressSpaces?: IpamDriver["addressSpaces"];
}

export interface PoolBase {
  readonly subnet: string;
  /** The length of each pool. */
  readonly length: number;
}

/** A whole IPAM driver on address pools that lie in a state file. A pool's id is its address space and its subnet. */
export function createPoolIpam({ file, bases = defaultBases, addressSpaces }: PoolIpamOptions): IpamDriver {
  /** Changes one pool; what `change` gives beside it is the answer. */
  const change = async (poolId: string, change: (pool: AddressPool) => { readonly pool: AddressPool; readonly address: string }) => {
    let address = "";
    await file.update((pools) => {
      const changed = change(poolOf(pools, poolId));
      address = changed.address;
      return { ...pools, [poolId]: changed.pool };
    });
    return address;
  };
  return {
    ...(addressSpaces === undefined ? {} : { addressSpaces }),
    async requestPool(request) {
      let [poolId, pool] = ["", ""];
      await file.update((pools) => {
        const made = makePool(pools, request, bases);
        [poolId, pool] = [`${request.addressSpace}/${made.pool}`, made.pool];
        if (Object.hasOwn(pools, poolId)) throw driverError(`the pool ${pool} is taken`);
        return { ...pools, [poolId]: made };
      });
      return { poolId, pool };
    },
    async releasePool({ poolId }) {
      await file.update((pools) => {
        const { [poolId]: _, ...others } = pools;
        return Object.hasOwn(pools, poolId) ? others : pools;
      });
    },
    async requestAddress({ poolId, address }: AddressRequest) {
      return { address: await change(poolId, (pool) => (address === undefined ? takeNext(pool) : take(pool, address))) };
    },
    async releaseAddress({ poolId, address }) {
      await file.update((pools) =>
        Object.hasOwn(pools, poolId) ? { ...pools, [poolId]: release(poolOf(pools, poolId), address) } : pools,
      );
    },
  };
}

const defaultBases: NonNullable<PoolIpamOptions["bases"]> = {
  v4: { subnet: "10.200.0.0/16", length: 24 },
  v6: { subnet: "fd00:6f75:7472::/48", length: 64 },
};

function poolOf(pools: Pools, poolId: string): AddressPool {
  const pool = Object.hasOwn(pools, poolId) ? pools[poolId] : undefined;
  if (pool === undefined) throw driverError(`there is no pool ${poolId}`);
  return pool;
}

/** The engine holds what does not suit it and asks again, so that pools that it can't use are passed by. */
function makePool(pools: Pools, { pool, subPool, v6 }: PoolRequest, bases: NonNullable<PoolIpamOptions["bases"]>): AddressPool {
  if (pool !== undefined) return newAddressPool(pool, subPool ?? pool);
  const { subnet, length } = v6 ? bases.v6 : bases.v4;
  const taken = Object.values(pools).map((each) => parseSubnet(each.pool));
  const free = freeSubnet(parseSubnet(subnet), length, taken);
  if (free === undefined) throw driverError(`${subnet} has no free pool`);
  return newAddressPool(formatSubnet(free), subPool ?? formatSubnet(free));
}
