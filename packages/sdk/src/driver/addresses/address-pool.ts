import { driverSdkErrors } from "../errors.ts";
import { contains, formatAddress, formatSubnet, later, parseAddress, parseSubnet, type Subnet, sooner } from "./subnet.ts";

/** A subnet with the addresses of it that are taken. Plain JSON: it can stand in a state file as it is. */
export interface AddressPool {
  /** e.g. `10.1.0.0/24` */
  readonly pool: string;
  /** The part of it from which addresses are chosen; others have to be asked for. */
  readonly range: string;
  /** What is taken, as runs from one address to another, in their order. */
  readonly taken: readonly (readonly [string, string])[];
  /** The address that was chosen last. */
  readonly last?: string;
}

export interface Taken {
  readonly pool: AddressPool;
  /** With its length: `10.1.0.2/24`. */
  readonly address: string;
}

type Run = readonly [bigint, bigint];

/** @param range a part of the subnet, e.g. `10.1.0.128/25`. @throws `address-invalid`, `address-outside` */
export function newAddressPool(pool: string, range: string = pool): AddressPool {
  const [whole, part] = [parseSubnet(pool), parseSubnet(range)];
  if (part.version !== whole.version || part.first < whole.first || part.last > whole.last) {
    throw driverSdkErrors["address-outside"]({ address: range, pool });
  }
  return { pool: formatSubnet(whole), range: formatSubnet(part), taken: [] };
}

/** The next free address after the last one: what was released is taken again as late as possible. @throws `addresses-used-up` */
export function takeNext(pool: AddressPool): Taken {
  const subnet = parseSubnet(pool.pool);
  const range = parseSubnet(pool.range);
  const [low, high] = usable(subnet);
  const [from, to] = [later(range.first, low), sooner(range.last, high)];
  const last = pool.last === undefined ? from - 1n : parseAddress(pool.last).value;
  const runs = runsOf(pool);
  const found = firstFree(runs, later(last + 1n, from), to) ?? firstFree(runs, from, to);
  if (found === undefined) throw driverSdkErrors["addresses-used-up"]({ pool: pool.range });
  const chosen = formatAddress({ version: subnet.version, value: found });
  return { pool: { ...pool, taken: written(withAddress(runs, found), subnet), last: chosen }, address: `${chosen}/${subnet.length}` };
}

/** Takes one address of the pool. @throws `address-invalid`, `address-outside`, `address-taken` */
export function take(pool: AddressPool, address: string): Taken {
  const subnet = parseSubnet(pool.pool);
  const asked = parseAddress(address);
  const [low, high] = usable(subnet);
  if (!contains(subnet, asked) || asked.value < low || asked.value > high) {
    throw driverSdkErrors["address-outside"]({ address, pool: pool.pool });
  }
  const runs = runsOf(pool);
  if (isIn(runs, asked.value)) throw driverSdkErrors["address-taken"]({ address });
  return {
    pool: { ...pool, taken: written(withAddress(runs, asked.value), subnet) },
    address: `${formatAddress(asked)}/${subnet.length}`,
  };
}

/** Of an address that is not taken, nothing changes. @throws `address-invalid` */
export function release(pool: AddressPool, address: string): AddressPool {
  const subnet = parseSubnet(pool.pool);
  const { value, version } = parseAddress(address);
  const runs = runsOf(pool);
  if (version !== subnet.version || !isIn(runs, value)) return pool;
  const rest = runs.flatMap(([from, to]): readonly Run[] => {
    if (value < from || value > to) return [[from, to]];
    const parts: readonly Run[] = [
      [from, value - 1n],
      [value + 1n, to],
    ];
    return parts.filter(([low, high]) => low <= high);
  });
  return { ...pool, taken: written(rest, subnet) };
}

export function isTaken(pool: AddressPool, address: string): boolean {
  const { value, version } = parseAddress(address);
  return version === parseSubnet(pool.pool).version && isIn(runsOf(pool), value);
}

/** Without the network's own address and, in IPv4, the one to all; subnets of one or two addresses are used whole (RFC 3021, RFC 6164). */
function usable({ version, first, last }: Subnet): Run {
  if (last - first < 2n) return [first, last];
  return [first + 1n, version === 4 ? last - 1n : last];
}

function runsOf({ taken }: AddressPool): readonly Run[] {
  return taken.map(([from, to]) => [parseAddress(from).value, parseAddress(to).value]);
}

function written(runs: readonly Run[], { version }: Subnet): AddressPool["taken"] {
  return runs.map(([from, to]) => [formatAddress({ version, value: from }), formatAddress({ version, value: to })]);
}

function isIn(runs: readonly Run[], value: bigint): boolean {
  return runs.some(([from, to]) => value >= from && value <= to);
}

function firstFree(runs: readonly Run[], from: bigint, to: bigint): bigint | undefined {
  let candidate = from;
  for (const [low, high] of runs) if (low <= candidate && candidate <= high) candidate = high + 1n;
  return candidate <= to ? candidate : undefined;
}

/** Adds an address that is free; runs that touch become one. */
function withAddress(runs: readonly Run[], value: bigint): readonly Run[] {
  const before = runs.filter(([, to]) => to < value);
  const after = runs.filter(([from]) => from > value);
  let [low, high] = [value, value];
  const left = before.at(-1);
  if (left !== undefined && left[1] === value - 1n) {
    low = left[0];
    before.pop();
  }
  const right = after[0];
  if (right !== undefined && right[0] === value + 1n) {
    high = right[1];
    after.shift();
  }
  return [...before, [low, high], ...after];
}
