import type { Socket } from "node:net";

export interface DoorOptions {
  /** Whether a caller of this address is listened to at all. */
  readonly accepts: (address: string) => boolean;
  /** Connections that one address may have. */
  readonly perAddress: number;
}

/** Lets a connection in, or ends it before a byte is read; gives the caller's address where it is in. */
export type Door = (socket: Socket) => string | undefined;

export function createDoor({ accepts, perAddress }: DoorOptions): Door {
  const counts = new Map<string, number>();
  return (socket) => {
    const address = plainAddress(socket.remoteAddress);
    const count = counts.get(address) ?? 0;
    if (!accepts(address) || count >= perAddress) {
      socket.destroy();
      return undefined;
    }
    counts.set(address, count + 1);
    socket.once("close", () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    return address;
  };
}

/** An IPv4 address as such, though it came over a socket for IPv6; empty where the caller has gone already. */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/, "") ?? "";
}
