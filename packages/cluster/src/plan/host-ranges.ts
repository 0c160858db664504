import ipaddr from "ipaddr.js";

/** Addresses as Plugin documents take them: `10.0.0.1-10.0.0.3,10.0.0.9`. Neighbours become ranges; order and repetitions are lost. */
export function formatRanges(ips: readonly string[]): string {
  const numbers = ips
    .map((ip) => ({ ip, ...numberOf(ip) }))
    .toSorted((a, b) => a.bits - b.bits || (a.value < b.value ? -1 : Number(a.value > b.value)));
  const ranges: { from: string; to: string; bits: number; last: bigint }[] = [];
  for (const { ip, bits, value } of numbers) {
    const open = ranges.at(-1);
    if (open?.bits === bits && (value === open.last || value === open.last + 1n)) Object.assign(open, { to: ip, last: value });
    else ranges.push({ from: ip, to: ip, bits, last: value });
  }
  return ranges.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(",");
}

function numberOf(ip: string): { readonly bits: number; readonly value: bigint } {
  const bytes = ipaddr.parse(ip).toByteArray();
  return { bits: bytes.length * 8, value: bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n) };
}
