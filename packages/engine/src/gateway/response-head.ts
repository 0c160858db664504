import { engineErrors } from "../errors.ts";
import { type Framing, noBody } from "./body-scanner.ts";
import type { Header } from "./exchange.ts";
import { trimBlanks } from "./request-head.ts";

/** The head of one of the engine's answers. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly framing: Framing;
  /** The engine closes the connection after it. */
  readonly close: boolean;
}

const statusLine = /^HTTP\/1\.([01]) (\d{3})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/** Reads an answer's head, from its first byte to its empty line. @throws upstream-unreachable where it is none */
export function parseResponseHead(text: string, method: string, upstream: string): ResponseHead {
  const lines = text.slice(0, -4).split("\r\n");
  const first = statusLine.exec(lines[0] ?? "");
  if (first === null) throw odd(upstream, "its answer is not HTTP/1.1");
  const status = Number(first[2]);
  const headers: Header[] = [];
  let length: string | undefined;
  let coding: string | undefined;
  let connection = first[1] === "0" ? "close" : "";
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const colon = line.indexOf(":");
    if (colon <= 0) throw odd(upstream, "its answer has a header without a name");
    const name = line.slice(0, colon);
    const value = trimBlanks(line.slice(colon + 1));
    headers.push([name, value]);
    const known = name.toLowerCase();
    if (known === "content-length") {
      if (length !== undefined && length !== value) throw odd(upstream, "its answer has several lengths");
      length = value;
    } else if (known === "transfer-encoding") coding = coding === undefined ? value : `${coding},${value}`;
    else if (known === "connection") connection += `,${value}`;
  }
  if (coding !== undefined && (length !== undefined || coding.toLowerCase() !== "chunked"))
    throw odd(upstream, "its answer is framed oddly");
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw odd(upstream, "its answer's length is not a number");
  const framing = framingOf({ status, method, length, coding });
  const close = framing.kind === "close" || /(^|[\s,])close([\s,]|$)/i.test(connection);
  return { status, reason: first[3] ?? "", headers, framing, close };
}

interface Facts {
  readonly status: number;
  readonly method: string;
  readonly length: string | undefined;
  readonly coding: string | undefined;
}

/** RFC 9112, section 6.3. */
function framingOf({ status, method, length, coding }: Facts): Framing {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return noBody;
  if (coding !== undefined) return { kind: "chunked" };
  return length === undefined ? { kind: "close" } : { kind: "length", length: Number(length) };
}

function odd(upstream: string, reason: string): Error {
  return engineErrors["upstream-unreachable"]({ upstream, reason });
}
