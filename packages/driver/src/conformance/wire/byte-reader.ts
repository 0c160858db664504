import type { Socket } from "node:net";

/** Why an exchange came to no answer, or to none that Go would read. */
export class WireFailure extends Error {
  override readonly name: string = "WireFailure";
}

export interface ByteReader {
  /** A line without its CR LF. Fails on a bare LF, and when the connection ends first. */
  readonly line: () => Promise<string>;
  readonly take: (length: number) => Promise<Buffer>;
  /** What comes next, at most `most` bytes; undefined at the end. */
  readonly some: (most: number) => Promise<Buffer | undefined>;
}

const longestLine = 64 * 1024;

/** Reads a socket piece by piece, as it is asked for. */
export function createByteReader(socket: Socket): ByteReader {
  let held = Buffer.alloc(0);
  let ended = false;
  let failure: WireFailure | undefined;
  let wake = (): void => undefined;
  socket.on("data", (chunk) => {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, Buffer.from(chunk)]);
    wake();
  });
  socket.on("error", (error) => {
    failure ??= error instanceof WireFailure ? error : new WireFailure(`the connection broke (${error.message})`);
    wake();
  });
  for (const event of ["end", "close"] as const)
    socket.on(event, () => {
      ended = true;
      wake();
    });
  const checked = (): void => {
    if (failure !== undefined) throw failure;
  };
  const more = async (): Promise<boolean> => {
    checked();
    if (ended) return false;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    checked();
    return true;
  };
  const cut = (length: number): Buffer => {
    const piece = held.subarray(0, length);
    held = held.subarray(length);
    return piece;
  };
  return {
    line: async () => {
      for (let end = held.indexOf(10); ; end = held.indexOf(10)) {
        if (end > 0 && held[end - 1] === 13) return cut(end + 1).toString("latin1", 0, end - 1);
        if (end >= 0) throw new WireFailure("a line of the answer's head ends without CR");
        if (held.length > longestLine) throw new WireFailure("a line of the answer's head is longer than 64 KiB");
        const before = held.length;
        if (!(await more()) && held.length === before)
          throw new WireFailure(
            before === 0 ? "the connection was closed without an answer" : "the connection was closed within the answer's head",
          );
      }
    },
    take: async (length) => {
      while (held.length < length) {
        const before = held.length;
        if (!(await more()) && held.length === before)
          throw new WireFailure(`the connection was closed ${length - before} bytes before the answer's end`);
      }
      return cut(length);
    },
    some: async (most) => {
      while (held.length === 0) if (!(await more()) && held.length === 0) return undefined;
      return cut(Math.min(most, held.length));
    },
  };
}
