import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isOutriggerError } from "@outrigger/plugin";
import type { Logger } from "pino";
import { problemDocument } from "../api/problems.ts";
import { serverErrors } from "../errors.ts";
import type { Channel } from "./channel.ts";
import { createDoor, plainAddress } from "./door.ts";
import { type DiscoveryPlace, placeFromPath } from "./place.ts";
import { longPoll, stream, type Waiting } from "./watching.ts";

export interface HttpListenerOptions {
  /** Authorizes the request and finds its settings. @throws discovery-unauthorized, discovery-forbidden, discovery-unknown */
  readonly open: (place: DiscoveryPlace, token: string | undefined) => Promise<Channel>;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Whether a caller of this address is listened to at all. */
  readonly accepts: (address: string) => boolean;
  readonly log: Logger;
  /** Connections that one address may have; default 256. */
  readonly connectionsPerAddress?: number;
}

export interface DiscoveryListener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const longestWaitSeconds = 300;

/**
 * Serves live settings and nothing else: `GET /v1/resources/TEAM.APPLICATION/COMPONENT/PLUGIN` (Rainbond's path and document), with `ETag` and
 * `If-None-Match`, a long poll by `?wait=60s`, and server-sent events by `Accept: text/event-stream`. `Outrigger-Revision` tells the revision of the
 * installation's values.
 *
 * @throws NodeJS.ErrnoException where the address can't be listened on
 */
export async function startHttpListener(options: HttpListenerOptions): Promise<DiscoveryListener> {
  const waiting: Waiting = { streams: new Set() };
  const server = createServer({ maxHeaderSize: 8192, keepAliveTimeout: 75_000, headersTimeout: 20_000, requestTimeout: 30_000 });
  server.on("request", (request, response) => {
    answer(options, waiting, request, response).catch((error) => refuse(response, error, options.log));
  });
  const { accepts, connectionsPerAddress: perAddress = 256 } = options;
  server.on("connection", createDoor({ accepts, perAddress }));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options.port, options.host, resolve));
  const heartbeat = setInterval(() => {
    for (const beat of waiting.streams) beat();
  }, 15_000);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      clearInterval(heartbeat);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(options: HttpListenerOptions, waiting: Waiting, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "", headers } = request;
  const { pathname, searchParams } = new URL(url, "http://discovery");
  const place = placeFromPath(pathname);
  if (place === undefined) throw serverErrors["discovery-unknown"]({ place: pathname });
  if (method !== "GET" && method !== "HEAD") throw serverErrors["discovery-method"]({ method: method ?? "" });
  const wait = waitOf(searchParams);
  const channel = await options.open(place, /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? headers.authorization);
  const address = plainAddress(request.socket.remoteAddress);
  const ask = { request, response, channel, address };
  if (headers.accept?.includes("text/event-stream")) return stream(ask, waiting);
  return longPoll(ask, wait);
}

/** `60s`, `60` or `500ms`, in milliseconds. */
function waitOf(query: URLSearchParams): number {
  for (const name of query.keys()) if (name !== "wait") throw serverErrors["discovery-query"]({ found: name, expected: "wait" });
  const text = query.get("wait");
  if (text === null) return 0;
  const [, number, unit] = /^(\d{1,6})(ms|s|)$/.exec(text) ?? [];
  const milliseconds = Number(number) * (unit === "ms" ? 1 : 1000);
  if (!(milliseconds <= longestWaitSeconds * 1000)) {
    throw serverErrors["discovery-query"]({ found: `wait=${text}`, expected: `wait=60s, at most ${longestWaitSeconds}s` });
  }
  return milliseconds;
}

function refuse(response: ServerResponse, error: unknown, log: Logger): void {
  if (response.headersSent) return void response.destroy();
  const known = isOutriggerError(error) ? error : serverErrors.internal({ request: "of discovery" }, { cause: error });
  const { status } = known;
  if (status >= 500) log.error({ err: error }, "discovery could not answer");
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
  });
  response.end(JSON.stringify(problemDocument(known)));
}
