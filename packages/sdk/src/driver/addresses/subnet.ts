import { isIPv4, isIPv6 } from "node:net";
import { driverSdkErrors } from "../errors.ts";

export type IpVersion = 4 | 6;

/** Addresses are numbers here: 32 bits in IPv4, 128 in IPv6. */
export interface Subnet {
  readonly version: IpVersion;
  readonly first: bigint;
  readonly last: bigint;
  readonly length: number;
}

export interface Address {
  readonly version: IpVersion;
  readonly value: bigint;
}

const bits: Readonly<Record<IpVersion, number>> = { 4: 32, 6: 128 };

/** Reads `10.1.0.0/24` or `fd00::/64`; bits behind the length are cut off. @throws `address-invalid` */
export function parseSubnet(text: string): Subnet {
  const [address = "", length = "", ...more] = text.split("/");
  const { version, value } = parseAddress(address);
  const number = Number(length);
  if (more.length > 0 || !/^\d{1,3}$/.test(length) || number > bits[version]) {
    throw driverSdkErrors["address-invalid"]({ found: text, expected: "subnet" });
  }
  const size = 1n << BigInt(bits[version] - number);
  const first = value - (value % size);
  return { version, first, last: first + size - 1n, length: number };
}

/** Reads an address, with or without a length. @throws `address-invalid` */
export function parseAddress(text: string): Address {
  const [address = ""] = text.split("/");
  if (isIPv4(address)) return { version: 4, value: fromParts(address.split("."), 10, 8n) };
  if (!isIPv6(address) || address.includes("%")) throw driverSdkErrors["address-invalid"]({ found: text, expected: "address" });
  const parts = withoutDots(address).split("::");
  const [head = [], tail = []] = parts.map((part) => (part === "" ? [] : part.split(":")));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return { version: 6, value: fromParts([...head, ...zeros, ...tail], 16, 16n) };
}

function fromParts(parts: readonly string[], base: number, width: bigint): bigint {
  return parts.reduce((value, part) => (value << width) | BigInt(Number.parseInt(part, base)), 0n);
}

/** `::ffff:10.0.0.1` ends in an IPv4 address. */
function withoutDots(text: string): string {
  const dotted = /[\d.]+$/.exec(text)?.[0] ?? "";
  if (!dotted.includes(".")) return text;
  const value = fromParts(dotted.split("."), 10, 8n);
  return `${text.slice(0, -dotted.length)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

/** As engines write it: IPv6 by RFC 5952, its longest run of zeros left away. */
export function formatAddress({ version, value }: Address): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const { start, length } = longestZeros(groups);
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  groups.forEach((group, index) => {
    length = group === "0" ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  });
  return best;
}

export function formatSubnet({ version, first, length }: Subnet): string {
  return `${formatAddress({ version, value: first })}/${length}`;
}

export function contains(subnet: Subnet, { version, value }: Address): boolean {
  return subnet.version === version && value >= subnet.first && value <= subnet.last;
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return one.version === other.version && one.first <= other.last && other.first <= one.last;
}

/** The first subnet of this length in `base` that overlaps none of the others; undefined where there is none. */
export function freeSubnet(base: Subnet, length: number, others: readonly Subnet[]): Subnet | undefined {
  if (length < base.length || length > bits[base.version]) return undefined;
  const size = 1n << BigInt(bits[base.version] - length);
  for (let first = base.first; first <= base.last; ) {
    const subnet: Subnet = { version: base.version, first, last: first + size - 1n, length };
    const taken = others.filter((other) => overlap(subnet, other));
    if (taken.length === 0) return subnet;
    // On to the first place behind all that is in the way.
    const behind = taken.reduce((last, other) => later(last, other.last), subnet.last) + 1n;
    first = ((behind + size - 1n) / size) * size;
  }
  return undefined;
}

/** Math.max, which takes no such numbers. */
export function later(one: bigint, other: bigint): bigint {
  if (one > other) return one;
  return other;
}

export function sooner(one: bigint, other: bigint): bigint {
  if (one < other) return one;
  return other;
}
