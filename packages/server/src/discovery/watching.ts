import type { IncomingMessage, ServerResponse } from "node:http";
import type { Channel, Served } from "./channel.ts";

/** An authorized request for one plug-in's settings. */
export interface Ask {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly channel: Channel;
  /** Of the caller. */
  readonly address: string;
}

/** Streams that are open: one timer keeps all of them alive. */
export interface Waiting {
  readonly streams: Set<() => void>;
}

/** Answers at once; or, where the caller has the newest already, when they change or `waitMs` are over (304). */
export async function longPoll({ request, response, channel, address }: Ask, waitMs: number): Promise<void> {
  const known = tagsOf(request.headers["if-none-match"]);
  let unwatch: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let over = waitMs === 0;
  const look = async (): Promise<void> => {
    const served = await channel.read(address);
    if (response.writableEnded || response.destroyed) return;
    if (served !== undefined && !over && known(served.etag)) return;
    unwatch?.();
    clearTimeout(timer);
    send(served);
  };
  const send = (served: Served | undefined): void => {
    if (served === undefined) return void response.writeHead(404, { "cache-control": "no-store" }).end();
    channel.note(address, "discovery", served);
    const headers = { etag: `"${served.etag}"`, "outrigger-revision": served.revision, "cache-control": "no-store" };
    if (known(served.etag)) return void response.writeHead(304, headers).end();
    response.writeHead(200, { ...headers, "content-type": "application/json", "content-length": served.body.length });
    response.end(request.method === "HEAD" ? undefined : served.body);
  };
  const failed = (): void => void response.destroy();
  if (!over) {
    unwatch = channel.watch(() => void look().catch(failed));
    response.once("close", () => {
      unwatch?.();
      clearTimeout(timer);
    });
    timer = setTimeout(() => {
      over = true;
      look().catch(failed);
    }, waitMs);
  }
  await look();
}

/**
 * Sends an event `settings` now and after each change, with the ETag as its id; one that the caller's `Last-Event-ID` names is not sent again. A slow
 * reader gets the newest settings only. Ends when the plug-in is gone.
 */
export async function stream({ request, response, channel, address }: Ask, { streams }: Waiting): Promise<void> {
  let last = request.headers["last-event-id"];
  let sending = false;
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  response.flushHeaders();
  const beat = (): void => void response.write(":\n\n");
  const push = async (): Promise<void> => {
    if (sending) return;
    sending = true;
    try {
      for (let served = await channel.read(address); served?.etag !== last; served = await channel.read(address)) {
        if (served === undefined || response.destroyed) return end();
        last = served.etag;
        const flushed = response.write(`id: ${served.etag}\nevent: settings\ndata: ${served.body}\n\n`);
        channel.note(address, "discovery", served);
        if (!flushed) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
      }
    } finally {
      sending = false;
    }
  };
  const end = (): void => {
    leave();
    response.end();
  };
  const unwatch = channel.watch(() => void push().catch(() => response.destroy()));
  const leave = (): void => {
    unwatch();
    streams.delete(beat);
  };
  streams.add(beat);
  response.once("close", leave);
  await push();
}

/** RFC 9110, 13.1.2: a weak comparison; `*` is any. */
function tagsOf(header: string | undefined): (etag: string) => boolean {
  const tags = new Set((header ?? "").split(",").map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, "$1")));
  return (etag) => tags.has(etag) || tags.has("*");
}
