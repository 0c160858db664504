import { gunzipSync } from "node:zlib";
import type { DriverAddress } from "./address.ts";
import type { AnswerHead } from "./answer.ts";
import { WireFailure } from "./byte-reader.ts";
import { type Connection, openConnection } from "./connection.ts";
import { type HeadChange, type Profile, requestBody, requestHead } from "./profile.ts";

/** One request and what came of it. */
export interface Exchange {
  /** e.g. `VolumeDriver.Create` */
  readonly method: string;
  /** The body sent; "" where the engine sends none. */
  readonly sent: string;
  readonly answer?: { readonly head: AnswerHead; readonly text: string };
  /** Why there is no answer. */
  readonly failure?: string;
  readonly milliseconds: number;
}

export interface SendOptions extends HeadChange {
  /** Instead of the arguments as JSON. */
  readonly text?: string;
  /** In milliseconds; else dockerd's own. */
  readonly timeout?: number;
  /** Sends the request in so many pieces. */
  readonly pieces?: number;
  /** Over a connection of its own that is closed afterwards. */
  readonly fresh?: boolean;
}

/** Speaks to a driver as the engine's client does: connections are kept and used again, at most two wait. */
export interface Wire {
  /** `args` undefined is a request without a body, as where dockerd passes nil. Never fails: see `failure`. */
  readonly send: (method: string, args?: unknown, options?: SendOptions) => Promise<Exchange>;
  /** Sends a request and gives its body as it comes. Fails with a WireFailure. */
  readonly stream: (
    method: string,
    args: unknown,
    options?: SendOptions,
  ) => Promise<{ head: AnswerHead; body: AsyncGenerator<Buffer>; close: () => void }>;
  readonly open: () => Promise<Connection>;
  /** The request's bytes. */
  readonly request: (method: string, args?: unknown, options?: SendOptions) => string;
  /** Closes every connection; the next request goes to the address as it then is. */
  readonly reset: () => void;
}

/** How long dockerd waits for an answer, in milliseconds (volume/drivers in moby 29; other calls have no limit of their own there, so 60 s are taken). */
export function engineLimit(method: string): number {
  return method === "VolumeDriver.Create" || method === "VolumeDriver.Mount" ? 120_000 : 60_000;
}

export function createWire(address: () => DriverAddress, profile: Profile, timeout?: number): Wire {
  const idle: Connection[] = [];
  const limitOf = (method: string, options: SendOptions): number => options.timeout ?? timeout ?? engineLimit(method);
  const request = (method: string, args?: unknown, options: SendOptions = {}): string => {
    const body = options.text ?? (args === undefined ? "" : requestBody(args));
    return requestHead(method, Buffer.byteLength(body), profile, address(), options) + body;
  };
  const take = async (limit: number, fresh: boolean): Promise<Connection> => {
    // A close that has come meanwhile is seen first, as by Go's reading goroutine.
    await new Promise((resolve) => setImmediate(resolve));
    for (let kept = fresh ? undefined : idle.pop(); kept !== undefined; kept = idle.pop()) if (!kept.closed()) return kept;
    return openConnection(address(), limit);
  };
  const begin = async (method: string, args: unknown, options: SendOptions): Promise<{ connection: Connection; head: AnswerHead }> => {
    const limit = limitOf(method, options);
    const connection = await take(limit, options.fresh === true);
    connection.limit(limit);
    try {
      const sent = sendPieces(connection, request(method, args, options), options.pieces ?? 1);
      const head = await connection.head();
      await sent;
      return { connection, head };
    } catch (error) {
      connection.close();
      throw error;
    }
  };
  return {
    request,
    open: () => openConnection(address(), timeout ?? 60_000),
    send: async (method, args, options = {}) => {
      const started = performance.now();
      const told = { method, sent: options.text ?? (args === undefined ? "" : requestBody(args).trimEnd()) };
      const passed = (): number => Math.round(performance.now() - started);
      try {
        const { connection, head } = await begin(method, args, options);
        try {
          const text = await readAll(connection, head);
          if (head.reusable && options.fresh !== true && idle.length < 2) {
            connection.limit(undefined);
            idle.push(connection);
          } else connection.close();
          return { ...told, answer: { head, text }, milliseconds: passed() };
        } catch (error) {
          connection.close();
          throw error;
        }
      } catch (error) {
        if (!(error instanceof WireFailure)) throw error;
        return { ...told, failure: error.message, milliseconds: passed() };
      }
    },
    stream: async (method, args, options = {}) => {
      const { connection, head } = await begin(method, args, options);
      return { head, body: connection.body(head), close: connection.close };
    },
    reset: () => {
      for (const connection of idle.splice(0)) connection.close();
    },
  };
}

async function readAll(connection: Connection, head: AnswerHead): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of connection.body(head)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  return (head.headers.get("content-encoding") === "gzip" ? gunzipSync(bytes) : bytes).toString("utf8");
}

async function sendPieces(connection: Connection, text: string, pieces: number): Promise<void> {
  const bytes = Buffer.from(text);
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += size) {
    await connection.send(bytes.subarray(at, at + size));
    if (pieces > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
