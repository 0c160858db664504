import { BlockList, isIP } from "node:net";

/** An address or network with its length. */
export interface Cidr {
  readonly address: string;
  readonly length: number;
}

/** undefined when it is none. */
export function readCidr(text: string): Cidr | undefined {
  const [, address, length] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const kind = address === undefined ? 0 : isIP(address);
  if (address === undefined || kind === 0 || Number(length) > (kind === 4 ? 32 : 128)) return undefined;
  return { address, length: Number(length) };
}

export function isCidr(text: string): boolean {
  return readCidr(text) !== undefined;
}

/** Whether an address lies in a network. */
export function liesIn(address: string, network: Cidr): boolean {
  const kind = isIP(network.address) === 4 ? "ipv4" : "ipv6";
  if (isIP(address) !== isIP(network.address)) return false;
  const block = new BlockList();
  block.addSubnet(network.address, network.length, kind);
  return block.check(address, kind);
}
