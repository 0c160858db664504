import fc from "fast-check";
import type { Connections } from "../agent/connections.ts";

/** What one side says at once. */
export interface Speech {
  readonly side: "client" | "server";
  readonly text: string;
}

/** A request, its answer, and what of it is to be counted. */
export interface Dialogue {
  readonly route: string;
  readonly status: number;
  readonly request: string;
  readonly answer: string;
}

export const server = { address: "10.0.0.2", port: 8080 };
const client = { address: "10.0.0.9", port: 40_000 };

const text: fc.Arbitrary<string> = fc.string({ maxLength: 300 }).map((each) => Buffer.from(each).toString("latin1"));
const word: fc.Arbitrary<string> = fc.stringMatching(/^[a-z]{1,12}$/);
const header: fc.Arbitrary<string> = fc.tuple(word, word).map(([name, value]) => `x-${name}: ${value}\r\n`);

/** A body with the headers that say how long it is. */
const body: fc.Arbitrary<string> = fc.oneof(
  text.map((content) => `content-length: ${content.length}\r\n\r\n${content}`),
  fc.array(text, { maxLength: 4 }).map((chunks) => {
    const full = chunks.filter((chunk) => chunk !== "").map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    return `Transfer-Encoding: chunked\r\n\r\n${full.join("")}0\r\n\r\n`;
  }),
);

export const anyDialogue: fc.Arbitrary<Dialogue> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "HEAD", "DELETE"),
    path: word,
    headers: fc.array(header, { maxLength: 5 }).map((each) => each.join("")),
    asked: fc.oneof(fc.constant("\r\n"), body),
    status: fc.constantFrom(200, 201, 204, 304, 404, 500, 503),
    answered: body,
    interim: fc.boolean(),
  })
  .map(({ method, path, headers, asked, status, answered, interim }) => {
    const bare = method === "HEAD" || status === 204 || status === 304;
    const continued = interim ? "HTTP/1.1 100 Continue\r\n\r\n" : "";
    return {
      route: `${method} /${path}`,
      status,
      request: `${method} /${path}?secret=1 HTTP/1.1\r\nhost: a\r\n${headers}${asked}`,
      answer: `${continued}HTTP/1.1 ${status} Word\r\n${headers}${bare ? "content-length: 7\r\n\r\n" : answered}`,
    };
  });

export function spoken(dialogues: readonly Dialogue[]): readonly Speech[] {
  return dialogues.flatMap(({ request, answer }): readonly Speech[] => [
    { side: "client", text: request },
    { side: "server", text: answer },
  ]);
}

/** Cuts speeches into packets of the given sizes, taken in turn. */
export function cut(speeches: readonly Speech[], sizes: readonly number[]): readonly Speech[] {
  let turn = 0;
  return speeches.flatMap(({ side, text: whole }) => {
    const parts: Speech[] = [];
    for (let at = 0; at < whole.length; ) {
      const size = sizes[turn++ % sizes.length] ?? 1;
      parts.push({ side, text: whole.slice(at, at + size) });
      at += size;
    }
    return parts;
  });
}

export interface Travel {
  /** Microseconds since 1970 of the first packet; each further one comes a millisecond later. */
  readonly start: number;
  /** Bytes of a packet that are captured. */
  readonly snap?: number;
  /** Packets that arrive twice, and those that change places with the next of their side: by number, taken modulo. */
  readonly twice?: ReadonlySet<number>;
  readonly swapped?: ReadonlySet<number>;
  /** Packets that the capture misses. */
  readonly missed?: ReadonlySet<number>;
  readonly port?: number;
  /** Whether the connection's beginning is seen. */
  readonly opened?: boolean;
}

/** Sends speeches over one connection as a network and a capture would show them. */
export function travel(
  connections: Connections,
  packets: readonly Speech[],
  { start, snap = 65_535, twice, swapped, missed, port = client.port, opened = true }: Travel,
): void {
  // Close to the end of TCP's numbers, so that they begin anew on the way.
  const next = { client: 0xffffff00, server: 0xfffffff0 };
  let time = start;
  const send = (
    side: Speech["side"],
    sequence: number,
    bytes: Buffer,
    flags: { readonly syn?: boolean; readonly fin?: boolean } = {},
  ): void => {
    const inward = side === "client";
    const [from, to] = inward ? [{ ...client, port }, server] : [server, { ...client, port }];
    const other = inward ? next.server : next.client;
    connections.take(
      {
        source: from.address,
        destination: to.address,
        sourcePort: from.port,
        destinationPort: to.port,
        sequence: sequence >>> 0,
        acknowledgement: other >>> 0,
        syn: flags.syn ?? false,
        ack: !(inward && flags.syn === true),
        fin: flags.fin ?? false,
        rst: false,
        length: bytes.length,
        payload: bytes.subarray(0, snap),
      },
      time,
    );
    time += 1000;
  };
  if (opened) for (const side of ["client", "server"] as const) send(side, next[side] - 1, Buffer.alloc(0), { syn: true });
  const placed = packets.map(({ side, text: content }, number) => {
    const bytes = Buffer.from(content, "latin1");
    const sequence = next[side];
    next[side] = (sequence + bytes.length) >>> 0;
    return { side, bytes, sequence, number, acknowledged: next[side === "client" ? "server" : "client"] };
  });
  for (let at = 0; at < placed.length; at += 1) {
    const [one, two] = [placed[at], placed[at + 1]];
    if (one === undefined) break;
    const order = two !== undefined && swapped?.has(at) === true && one.side === two.side ? [two, one] : [one];
    if (order.length === 2) at += 1;
    for (const { side, bytes, sequence, number, acknowledged } of order) {
      next[side === "client" ? "server" : "client"] = acknowledged;
      if (missed?.has(number) === true) continue;
      send(side, sequence, bytes);
      if (twice?.has(number) === true) send(side, sequence, bytes);
    }
  }
  for (const side of ["client", "server"] as const) {
    const last = placed.findLast((each) => each.side === side);
    next[side] = last === undefined ? next[side] : (last.sequence + last.bytes.length) >>> 0;
  }
  for (const side of ["server", "client"] as const) send(side, next[side], Buffer.alloc(0), { fin: true });
}
