import { once } from "node:events";
import type { FastifyReply, FastifyRequest } from "fastify";
import { problemDocument, toOutriggerError } from "./problems.ts";

/** One server-sent event. Only what can be resumed from has an id. */
export interface ServerSentEvent {
  readonly id?: number;
  readonly event: string;
  readonly data: unknown;
}

const heartbeatMs = 15_000;

/** True when the client asks for a stream. */
export function wantsEvents(request: FastifyRequest): boolean {
  return (request.headers.accept ?? "").includes("text/event-stream");
}

/** Where the client's stream broke off; 0 where it starts. */
export function lastEventId(request: FastifyRequest): number {
  const given = Number(request.headers["last-event-id"] ?? 0);
  return Number.isSafeInteger(given) && given > 0 ? given : 0;
}

/**
 * Streams events until they end, the client goes, or the server shuts down; then `source`'s signal aborts. Waits for a slow client instead of piling
 * up what it has not read. An error becomes a last event `error` with its problem document.
 */
export async function streamEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  stopping: AbortSignal,
  source: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>,
): Promise<void> {
  reply.hijack();
  const response = reply.raw;
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, stopping]);
  response.on("close", () => gone.abort());
  response.on("error", () => gone.abort());
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  const heartbeat = setInterval(() => response.write(":\n\n"), heartbeatMs);
  const send = async (event: ServerSentEvent): Promise<void> => {
    if (!response.write(encode(event))) await once(response, "drain", { signal });
  };
  try {
    response.write(":\n\n");
    for await (const event of source(signal)) {
      if (signal.aborted) break;
      await send(event);
    }
  } catch (error) {
    if (!signal.aborted) response.write(encode({ event: "error", data: problemDocument(toOutriggerError(error, request)) }));
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

function encode({ id, event, data }: ServerSentEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
