import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure, Agent as SecureAgent } from "node:https";
import { pipeline } from "node:stream/promises";
import { dockerCertificates, readCertificates } from "./certificates.ts";
import { isLoopback } from "./places.ts";

/** One request, without redirects and retries. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as it comes, with the length that the headers say; can be asked for again. */
  readonly body?: () => AsyncIterable<Uint8Array>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Must be read to its end or destroyed. */
  readonly body: IncomingMessage;
  readonly url: URL;
}

export interface HttpClient {
  readonly send: (request: HttpRequest, signal?: AbortSignal) => Promise<HttpAnswer>;
  readonly close: () => void;
}

export interface HttpClientOptions {
  /** Milliseconds without a byte in either direction after which a connection is given up. */
  readonly idle: number;
  readonly caFile?: string;
  readonly certificates?: string;
}

/** HTTP over connections that are kept; through the proxy that HTTPS_PROXY names, but never for loopback. */
export function createHttpClient({ idle, caFile, certificates = dockerCertificates }: HttpClientOptions): HttpClient {
  const agents = new Map<string, Promise<Agent>>();
  const agentOf = ({ protocol, host }: URL): Promise<Agent> => {
    const key = `${protocol}//${host}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const options = { keepAlive: true, maxSockets: 16, ...(isLoopback(host) ? {} : { proxyEnv: process.env }) };
    const made = (async (): Promise<Agent> =>
      protocol === "https:"
        ? new SecureAgent({ ...options, ...(await readCertificates(host, certificates, caFile)) })
        : new Agent(options))();
    agents.set(key, made);
    return made;
  };

  const send = async (request: HttpRequest, signal?: AbortSignal): Promise<HttpAnswer> => {
    const agent = await agentOf(request.url);
    return new Promise((resolve, reject) => {
      const { url, method, headers, body } = request;
      let response: IncomingMessage | undefined;
      const outgoing = (url.protocol === "https:" ? requestSecure : requestPlain)(url, {
        method,
        agent,
        headers: { "user-agent": "outrigger", "accept-encoding": "identity", ...headers },
        timeout: idle,
        ...(signal === undefined ? {} : { signal }),
      });
      outgoing.on("timeout", () => {
        // Whoever reads slowly has not been let down by the registry.
        if (response !== undefined && response.readableLength > 0) outgoing.socket?.setTimeout(idle);
        else outgoing.destroy(new TypeError(`nothing came for ${idle / 1000} s`));
      });
      outgoing.once("response", (incoming) => {
        response = incoming;
        // A connection whose request was answered before it was sent whole can't be used again.
        incoming.once("close", () => (outgoing.writableFinished ? undefined : outgoing.destroy()));
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming, url });
      });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        if (response !== undefined) return;
        // A kept connection may be closed by the other side just as it is used again.
        if (outgoing.reusedSocket && body === undefined && error.code === "ECONNRESET" && signal?.aborted !== true)
          return resolve(send(request, signal));
        reject(error);
      });
      if (body === undefined) outgoing.end();
      else pipeline(body(), outgoing).catch((error: Error) => reject(error));
    });
  };

  return {
    send,
    close: () => {
      for (const agent of agents.values()) agent.then((each) => each.destroy()).catch(() => {});
    },
  };
}

/** The answer's body in memory, at most `most` bytes of it; undefined when it is longer, and then nothing more is read. */
export async function readBody({ body, headers }: HttpAnswer, most: number): Promise<Buffer | undefined> {
  if (Number(headers["content-length"] ?? 0) > most) {
    body.destroy();
    return undefined;
  }
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > most) {
      body.destroy();
      return undefined;
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Reads an answer's body away, so that its connection can be used again. */
export async function discard({ body }: HttpAnswer): Promise<void> {
  body.on("error", () => {}).resume();
  if (!body.complete) await new Promise<void>((done) => body.once("close", () => done()).once("end", () => done()));
}
