import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { driverSdkErrors } from "../errors.ts";

export interface FifoReader {
  /** Lets the writer wait. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Reads what the writer has written so far, gives it on, and closes. */
  readonly drain: () => void;
}

export interface FifoEvents {
  readonly data: (piece: Buffer) => void;
  /** No more comes: every writer has closed it, or it was drained. */
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

const pieceLength = 64 * 1024;

/**
 * Reads a FIFO without occupying a thread while it is empty.
 *
 * @throws `call-body-invalid` where the file is none; errors of opening it
 */
export function readFifo(path: string, { data, end, fail }: FifoEvents): FifoReader {
  // The engine keeps the other end open until StopLogging has been answered, so an end of the stream can't be waited for.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!fstatSync(file).isFIFO()) {
    closeSync(file);
    throw driverSdkErrors["call-body-invalid"]({ field: "File", found: "no FIFO", expected: "one" });
  }
  const socket = new Socket({ fd: file, readable: true, writable: false });
  let ended = false;
  const endOnce = (): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    end();
  };
  socket.on("data", data);
  socket.on("end", endOnce);
  socket.on("error", (error) => {
    ended = true;
    fail(error);
  });
  const drain = (): void => {
    if (ended) return;
    socket.pause();
    socket.off("data", data);
    // First what the socket has read already and kept while it was paused.
    for (let piece = socket.read() as Buffer | null; piece !== null; piece = socket.read() as Buffer | null) data(piece);
    for (let piece = readNow(file); piece !== undefined; piece = readNow(file)) data(piece);
    endOnce();
  };
  return { pause: () => void socket.pause(), resume: () => void socket.resume(), drain };
}

function readNow(file: number): Buffer | undefined {
  const piece = Buffer.allocUnsafe(pieceLength);
  try {
    const length = readSync(file, piece);
    return length === 0 ? undefined : piece.subarray(0, length);
  } catch {
    // EAGAIN: empty.
    return undefined;
  }
}
