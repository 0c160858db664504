import type { TestServer } from "./server.ts";

export interface ReadEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: unknown;
}

/** The events of a stream, as a client reads them. Ends when the server ends it, or when the reader leaves. */
export async function* readEvents(
  server: TestServer,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<ReadEvent, undefined> {
  const leave = new AbortController();
  try {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      headers: { accept: "text/event-stream", authorization: `Bearer ${server.adminToken}`, ...headers },
      signal: leave.signal,
    });
    let rest = "";
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks.filter((each) => !each.startsWith(":"))) yield parse(block);
    }
  } finally {
    leave.abort();
  }
  return undefined;
}

function parse(block: string): ReadEvent {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  return { id: field("id"), event: field("event") ?? "", data: JSON.parse(field("data") ?? "null") };
}
