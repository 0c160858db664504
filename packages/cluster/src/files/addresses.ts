import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** A range of addresses holds no more: a slip of a digit should not become a cluster. */
export const largestRange = 65_536;

/** An IPv4 or IPv6 address in its canonical text (IPv4-mapped IPv6 as IPv4); undefined for anything else, zones and short or octal IPv4 among it. */
export function canonicalAddress(text: string): string | undefined {
  return parseAddress(text)?.toString();
}

/** A position among all addresses of one family, to compare and count with. */
export function addressNumber(text: string): { readonly family: 4 | 6; readonly number: bigint } | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const number = address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return { family: address.kind() === "ipv4" ? 4 : 6, number };
}

/** Both ends of a range, canonical; or what is wrong with it. */
export function parseRange(from: string, to: string): { readonly from: string; readonly to: string } | { readonly problem: string } {
  const [first, last] = [addressNumber(from), addressNumber(to)];
  if (first === undefined || last === undefined) {
    const short = first !== undefined && /^\d{1,3}$/.test(to);
    const end = short ? `${from.slice(0, from.lastIndexOf(".") + 1)}${to}` : undefined;
    const wrong = first === undefined ? from : to;
    return {
      problem: `${wrong} is no IP address; both ends of a range are written in full${end === undefined ? "" : `: ${from}-${end}`}.`,
    };
  }
  if (first.family !== last.family) return { problem: `${from} and ${to} are addresses of two families.` };
  if (last.number < first.number) return { problem: `The range ends before it begins: write ${to}-${from}.` };
  const count = last.number - first.number + 1n;
  if (count > BigInt(largestRange)) return { problem: `The range holds ${count} addresses; at most ${largestRange} are read.` };
  return { from: canonicalAddress(from) ?? from, to: canonicalAddress(to) ?? to };
}

/** The addresses of a comma list with ranges, canonical and in order; or what is wrong with it. */
export function parseAddressList(text: string): { readonly addresses: readonly string[] } | { readonly problem: string } {
  const addresses: string[] = [];
  for (const term of text.split(",").map((each) => each.trim())) {
    if (term === "") return { problem: `${JSON.stringify(text)} has an empty place between its commas.` };
    const [from = "", to, ...rest] = term.split("-").map((each) => each.trim());
    if (rest.length > 0) return { problem: `${term} is no address and no range of two.` };
    const range = parseRange(from, to ?? from);
    if ("problem" in range) return { problem: to === undefined ? `${term} is no IP address.` : range.problem };
    addresses.push(...addressesOf(range));
    if (addresses.length > largestRange) return { problem: `The list holds more than ${largestRange} addresses.` };
  }
  return { addresses };
}

function addressesOf({ from, to }: { readonly from: string; readonly to: string }): readonly string[] {
  const [first, last] = [addressNumber(from), addressNumber(to)];
  if (first === undefined || last === undefined) return [];
  const bytes = first.family === 4 ? 4 : 16;
  return Array.from({ length: Number(last.number - first.number) + 1 }, (_, index) => {
    const number = first.number + BigInt(index);
    const parts = Array.from({ length: bytes }, (__, at) => Number((number >> BigInt(8 * (bytes - 1 - at))) & 255n));
    return ipaddr.fromByteArray(parts).toString();
  });
}

function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (isIP(text) === 0 || text.includes("%")) return undefined;
  return ipaddr.process(text);
}
