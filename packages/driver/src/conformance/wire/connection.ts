import { connect, type Socket } from "node:net";
import type { DriverAddress } from "./address.ts";
import { type AnswerHead, bodyOf, readHead } from "./answer.ts";
import { createByteReader, WireFailure } from "./byte-reader.ts";

/** One connection to a driver. */
export interface Connection {
  readonly closed: () => boolean;
  /** Waits until the bytes are handed to the system. */
  readonly send: (bytes: string | Uint8Array) => Promise<void>;
  readonly head: () => Promise<AnswerHead>;
  readonly body: (head: AnswerHead) => AsyncGenerator<Buffer>;
  /** Everything from now on fails after so many milliseconds; a new limit takes the place of the one before, undefined is none. */
  readonly limit: (milliseconds: number | undefined) => void;
  readonly close: () => void;
}

/** Connects; fails with a WireFailure when nobody listens within `milliseconds`. */
export async function openConnection(address: DriverAddress, milliseconds: number): Promise<Connection> {
  const socket = connect(address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port });
  const reader = createByteReader(socket);
  let timer: NodeJS.Timeout | undefined;
  const limit = (time: number | undefined): void => {
    clearTimeout(timer);
    if (time === undefined) return;
    timer = setTimeout(() => socket.destroy(new WireFailure(`there was no answer within ${time / 1000} s`)), time);
  };
  socket.on("close", () => clearTimeout(timer));
  limit(milliseconds);
  await connected(socket);
  return {
    closed: () => socket.destroyed || socket.readableEnded,
    send: (bytes) =>
      new Promise((resolve) => {
        // A driver may answer, and close, before it has read everything: the answer is what counts.
        socket.write(bytes, () => resolve());
      }),
    head: () => readHead(reader),
    body: (head) => bodyOf(reader, head),
    limit,
    close: () => {
      clearTimeout(timer);
      socket.destroy();
    },
  };
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (error) =>
      reject(error instanceof WireFailure ? error : new WireFailure(`nobody listens there (${error.message})`)),
    );
  });
}
