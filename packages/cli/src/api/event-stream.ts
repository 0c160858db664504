import { setTimeout as sleep } from "node:timers/promises";
import { isOutriggerError } from "@outrigger/plugin";

/** One server-sent event; `data` is its JSON. */
export interface ServerEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** Opens the stream, after the event of this id where one is given. */
export type OpenStream = (lastId: string | undefined) => Promise<AsyncIterable<Uint8Array>>;

const retries = 5;

export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** The stream tells everything anew each time it is opened, so it can be opened again without event ids. */
  readonly repeats?: boolean;
}

/**
 * The events of a stream. A connection that breaks is opened again after the last event seen, up to five times in a row; one whose events have no ids
 * is not, since it would give its lines twice.
 */
export async function* followEvents(open: OpenStream, { signal, repeats = false }: FollowOptions = {}): AsyncGenerator<ServerEvent> {
  let lastId: string | undefined;
  let seen = false;
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const event of parseEvents(await open(lastId))) {
        failures = 0;
        seen = true;
        lastId = event.id ?? lastId;
        yield event;
      }
      return;
    } catch (error) {
      if (signal?.aborted) return;
      const broken = !isOutriggerError(error) || error.code === "server-unreachable";
      const resumable = lastId !== undefined || (repeats && seen);
      if (!broken || !resumable || failures >= retries) throw error;
      await sleep(200 * 2 ** failures);
    }
  }
}

/** Parses text/event-stream (WHATWG HTML 9.2). Comments, which are heartbeats, give nothing. */
export async function* parseEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let fields = emptyFields();
  for await (const line of linesOf(chunks)) {
    if (line !== "") takeField(fields, line);
    else {
      if (fields.data.length > 0) yield toEvent(fields);
      fields = emptyFields();
    }
  }
}

interface Fields {
  id: string | undefined;
  event: string;
  readonly data: string[];
}

function emptyFields(): Fields {
  return { id: undefined, event: "message", data: [] };
}

function takeField(fields: Fields, line: string): void {
  const match = /^([^:]*)(?:: ?(.*))?$/.exec(line);
  const value = match?.[2] ?? "";
  if (match?.[1] === "id") fields.id = value;
  if (match?.[1] === "event") fields.event = value;
  if (match?.[1] === "data") fields.data.push(value);
}

function toEvent({ id, event, data }: Fields): ServerEvent {
  return { ...(id === undefined ? {} : { id }), event, data: JSON.parse(data.join("\n")) };
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}
