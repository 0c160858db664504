import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { wordsOf } from "@outrigger/plugin/errors";
import type { Answer, Dispatch } from "../dispatch.ts";

/** What engines ask for, and what they check of it: nothing. */
const contentType = "application/vnd.docker.plugins.v1.2+json";

export interface HttpTransportOptions {
  readonly dispatch: Dispatch;
  /** Bytes of a request's body. */
  readonly bodyLimit: number;
}

/**
 * Docker's plug-in protocol over HTTP/1.1: `POST /VolumeDriver.Create`. Not yet listening.
 * Bodies are JSON whatever their Content-Type is, since engines send none; Host may be empty or missing.
 */
export function httpTransport({ dispatch, bodyLimit }: HttpTransportOptions): Server {
  const server = createServer({ requireHostHeader: false, headersTimeout: 10_000, requestTimeout: 60_000 }, (request, response) => {
    if (request.method !== "POST") return refuse(response, 405, "only POST is served");
    const caller = new Caller(response);
    receive(request, response, bodyLimit, (body) => {
      dispatch(methodOf(request.url ?? ""), body, caller).then(
        (answer) => send(response, answer, server.listening),
        (error: unknown) => refuse(response, 500, wordsOf(error)),
      );
    });
  });
  // An engine repeats a call whose connection was closed without its arguments, so connections are closed by the engine only.
  server.keepAliveTimeout = 0;
  return server;
}

/** Who waits for an answer. Few drivers ask whether somebody still does, so the signal is made when they ask. */
class Caller {
  readonly #response: ServerResponse;
  #gone: AbortController | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      this.#gone = gone;
      if (this.#response.destroyed) gone.abort();
      this.#response.once("close", () => {
        if (!this.#response.writableFinished) gone.abort();
      });
    }
    return this.#gone.signal;
  }
}

function methodOf(url: string): string {
  const query = url.indexOf("?");
  return url.slice(1, query < 0 ? undefined : query);
}

function receive(request: IncomingMessage, response: ServerResponse, limit: number, done: (body: Buffer) => void): void {
  const parts: Buffer[] = [];
  let length = 0;
  request.on("data", (part: Buffer) => {
    length += part.length;
    if (length <= limit) return void parts.push(part);
    request.removeAllListeners("data").removeAllListeners("end").resume();
    refuse(response, 413, `the body is longer than ${limit} bytes`);
  });
  request.once("end", () => done(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)));
  request.on("error", () => undefined);
}

function send(response: ServerResponse, { status, body }: Answer, keep: boolean): void {
  if (response.destroyed) return;
  response.sendDate = false;
  if (typeof body !== "string") return void stream(response, body);
  const headers = ["Content-Type", contentType, "Content-Length", String(Buffer.byteLength(body))];
  response.writeHead(status, keep ? headers : [...headers, "Connection", "close"]).end(body);
}

async function stream(response: ServerResponse, frames: AsyncIterable<Uint8Array>): Promise<void> {
  response.writeHead(200, ["Content-Type", "application/x-json-stream"]).flushHeaders();
  try {
    for await (const frame of frames) {
      if (response.destroyed) return;
      if (response.write(frame)) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      response.once("drain", resolve).once("close", resolve);
      await promise;
      response.off("drain", resolve).off("close", resolve);
    }
    response.end();
  } catch {
    // Its reader sees a stream that was cut; why stands in the log.
    response.destroy();
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify({ Err: message });
  response.writeHead(status, ["Content-Type", contentType, "Content-Length", String(Buffer.byteLength(body)), "Connection", "close"]);
  response.end(body);
}
