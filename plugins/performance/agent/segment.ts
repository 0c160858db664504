/** A TCP segment. */
export interface Segment {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  /** Bytes that were sent. */
  readonly length: number;
  /** Those of them that were captured, from the start. */
  readonly payload: Buffer;
}

const [ethernet, raw, linuxCooked, linuxCooked2, ipv4Only, ipv6Only] = [1, 101, 113, 276, 228, 229];
const [ipv4, ipv6, vlan, tcp] = [0x0800, 0x86dd, 0x8100, 6];

/** Takes a packet apart. Undefined: no TCP, a fragment, or cut off before the end of its heads. */
export function segmentOf(packet: Buffer, linkType: number): Segment | undefined {
  const start = networkStart(packet, linkType);
  if (start === undefined || packet.length <= start) return undefined;
  const version = packet.readUInt8(start) >> 4;
  return version === 4 ? overIpv4(packet, start) : version === 6 ? overIpv6(packet, start) : undefined;
}

/** Where the IP head starts. @throws RangeError for link types that can't be read */
function networkStart(packet: Buffer, linkType: number): number | undefined {
  switch (linkType) {
    case ethernet:
      return behind(packet, 12);
    case linuxCooked:
      return behind(packet, 14);
    case linuxCooked2:
      return 20;
    case raw:
    case ipv4Only:
    case ipv6Only:
      return 0;
    default:
      throw new RangeError(`packets of link type ${linkType} can't be read`);
  }
}

/** The end of the protocol's number at `at`, past a VLAN tag. */
function behind(packet: Buffer, at: number): number | undefined {
  if (packet.length < at + 6) return undefined;
  const type = packet.readUInt16BE(at);
  if (type === vlan) return behind(packet, at + 4);
  return type === ipv4 || type === ipv6 ? at + 2 : undefined;
}

function overIpv4(packet: Buffer, start: number): Segment | undefined {
  if (packet.length < start + 20) return undefined;
  const head = (packet.readUInt8(start) & 15) * 4;
  const fragment = packet.readUInt16BE(start + 6) & 0x1fff;
  if (packet.readUInt8(start + 9) !== tcp || fragment !== 0 || head < 20) return undefined;
  const end = start + packet.readUInt16BE(start + 2);
  return tcpSegment(packet, start + head, end, ipv4Text(packet.readUInt32BE(start + 12)), ipv4Text(packet.readUInt32BE(start + 16)));
}

function overIpv6(packet: Buffer, start: number): Segment | undefined {
  if (packet.length < start + 40 || packet.readUInt8(start + 6) !== tcp) return undefined;
  const end = start + 40 + packet.readUInt16BE(start + 4);
  return tcpSegment(packet, start + 40, end, ipv6Text(packet, start + 8), ipv6Text(packet, start + 24));
}

// Few addresses make most of the packets, and writing one out takes as long as the rest of the packet's head.
const written = new Map<number, string>();
const mostWritten = 4096;

function ipv4Text(address: number): string {
  const known = written.get(address);
  if (known !== undefined) return known;
  if (written.size >= mostWritten) written.clear();
  const text = `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  written.set(address, text);
  return text;
}

function ipv6Text(packet: Buffer, at: number): string {
  return Array.from({ length: 8 }, (_, group) => packet.readUInt16BE(at + group * 2).toString(16)).join(":");
}

function tcpSegment(packet: Buffer, start: number, end: number, source: string, destination: string): Segment | undefined {
  if (packet.length < start + 20) return undefined;
  const head = (packet.readUInt8(start + 12) >> 4) * 4;
  const length = end - start - head;
  if (head < 20 || length < 0) return undefined;
  const flags = packet.readUInt8(start + 13);
  return {
    source,
    destination,
    sourcePort: packet.readUInt16BE(start),
    destinationPort: packet.readUInt16BE(start + 2),
    sequence: packet.readUInt32BE(start + 4),
    acknowledgement: packet.readUInt32BE(start + 8),
    fin: (flags & 1) !== 0,
    syn: (flags & 2) !== 0,
    rst: (flags & 4) !== 0,
    ack: (flags & 16) !== 0,
    length,
    payload: packet.subarray(start + head, Math.min(packet.length, end)),
  };
}
