/** A packet as it was captured. */
export interface Packet {
  /** Microseconds since 1970. */
  readonly time: number;
  /** What of it was kept. */
  readonly bytes: Buffer;
}

export interface PcapReader {
  /** Takes the stream's next bytes, in pieces of any size. @throws SyntaxError for what is no pcap */
  readonly push: (chunk: Buffer, take: (packet: Packet) => void) => void;
  /** By pcap's numbering; known after the head. */
  readonly linkType: () => number;
}

const headSize = 24;
const recordSize = 16;
const largest = 262_144;

/** Magic numbers as they stand in the file: byte order, and parts of a second. */
const kinds: Readonly<Record<string, { readonly little: boolean; readonly nanoseconds: boolean }>> = {
  d4c3b2a1: { little: true, nanoseconds: false },
  a1b2c3d4: { little: false, nanoseconds: false },
  "4d3cb2a1": { little: true, nanoseconds: true },
  a1b23c4d: { little: false, nanoseconds: true },
};

/** Reads the file format of libpcap (draft-ietf-opsawg-pcap) as it comes. */
export function createPcapReader(): PcapReader {
  let rest: Buffer = Buffer.alloc(0);
  let kind: (typeof kinds)[string] | undefined;
  let link = -1;
  const word = (bytes: Buffer, at: number): number => (kind?.little === true ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));

  const readHead = (bytes: Buffer): void => {
    kind = kinds[bytes.toString("hex", 0, 4)];
    if (kind === undefined) throw new SyntaxError(`this is no pcap: it starts with ${bytes.toString("hex", 0, 4)}`);
    link = word(bytes, 20) & 0xffff;
  };

  return {
    linkType: () => link,
    push: (chunk, take) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      if (kind === undefined) {
        if (bytes.length < headSize) {
          rest = bytes;
          return;
        }
        readHead(bytes);
        at = headSize;
      }
      const fraction = kind?.nanoseconds === true ? 1000 : 1;
      while (bytes.length - at >= recordSize) {
        const length = word(bytes, at + 8);
        if (length > largest) throw new SyntaxError(`a packet of ${length} bytes: the capture is out of step`);
        if (bytes.length - at < recordSize + length) break;
        const time = word(bytes, at) * 1_000_000 + Math.floor(word(bytes, at + 4) / fraction);
        take({ time, bytes: bytes.subarray(at + recordSize, at + recordSize + length) });
        at += recordSize + length;
      }
      rest = bytes.subarray(at);
    },
  };
}
