import { engineErrors } from "../errors.ts";
import { type Framing, noBody } from "./body-scanner.ts";
import type { Header } from "./exchange.ts";

/** A request's head that every reader reads alike. */
export interface RequestHead {
  readonly method: string;
  /** As it came. */
  readonly target: string;
  /** Of HTTP/1.x. */
  readonly minor: 0 | 1;
  readonly headers: readonly Header[];
  readonly framing: Framing;
  /** The client wants the connection closed after the answer. */
  readonly close: boolean;
  readonly expectsContinue: boolean;
  /** Headers, in lower case, that end here (RFC 9110, section 7.6.1), Connection itself among them. */
  readonly hopByHop: ReadonlySet<string> | undefined;
}

const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}) ([\x21-\x7e]+) HTTP\/1\.([01])$/;
const headerLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/;
const headerLimit = 1000;
const alwaysHopByHop = new Set(["keep-alive", "proxy-connection", "upgrade", "http2-settings", "te"]);
const neverHopByHop = new Set(["host", "content-length", "content-type", "transfer-encoding", "expect"]);

interface Seen {
  hosts: number;
  length: string | undefined;
  coding: string | undefined;
  expects: boolean;
  connection: string[];
  upgradeLike: string[];
}

/**
 * Reads a head, from its first byte to its empty line, strictly by RFC 9112: what two readers could take for two things is refused.
 *
 * @throws request-malformed, head-too-large
 */
export function parseRequestHead(text: string): RequestHead {
  const lines = text.slice(0, -4).split("\r\n");
  const first = requestLine.exec(lines[0] ?? "");
  if (first === null) throw malformed("its first line is not METHOD, path and HTTP/1.1");
  if (lines.length > headerLimit) throw engineErrors["head-too-large"]({ limit: `${headerLimit} headers` });
  const [, method = "", target = ""] = first;
  const minor = first[3] === "0" ? 0 : 1;
  const headers: Header[] = [];
  const seen: Seen = { hosts: 0, length: undefined, coding: undefined, expects: false, connection: [], upgradeLike: [] };
  for (let index = 1; index < lines.length; index += 1) {
    const match = headerLine.exec(lines[index] ?? "");
    if (match === null) throw malformed("a header is not a name, a colon and a value on one line");
    const [, name = "", value = ""] = match;
    const trimmed = trimBlanks(value);
    headers.push([name, trimmed]);
    note(seen, name.toLowerCase(), trimmed);
  }
  if (seen.hosts !== 1 && (minor === 1 || seen.hosts > 1)) throw malformed("it does not have exactly one Host header");
  const framing = framingOf(seen, minor);
  const tokens = connectionTokens(seen.connection);
  const hopByHop = hopByHopOf(seen, tokens, minor);
  return {
    method,
    target,
    minor,
    headers,
    framing,
    close: minor === 0 || tokens.includes("close"),
    expectsContinue: seen.expects && minor === 1,
    hopByHop,
  };
}

function note(seen: Seen, name: string, value: string): void {
  switch (name) {
    case "host":
      seen.hosts += 1;
      return;
    case "content-length":
      if (seen.length !== undefined) throw malformed("it has several Content-Length headers");
      seen.length = value;
      return;
    case "transfer-encoding":
      if (seen.coding !== undefined) throw malformed("it has several Transfer-Encoding headers");
      seen.coding = value;
      return;
    case "connection":
      seen.connection.push(value);
      return;
    case "expect":
      if (value.toLowerCase() !== "100-continue") throw malformed("it expects something other than 100-continue");
      seen.expects = true;
      return;
    default:
      if (alwaysHopByHop.has(name)) seen.upgradeLike.push(name);
  }
}

function framingOf({ length, coding }: Seen, minor: 0 | 1): Framing {
  if (coding !== undefined) {
    if (length !== undefined) throw malformed("it has both Content-Length and Transfer-Encoding");
    if (minor === 0) throw malformed("HTTP/1.0 has no Transfer-Encoding");
    if (coding.toLowerCase() !== "chunked") throw malformed("its Transfer-Encoding is not chunked");
    return { kind: "chunked" };
  }
  if (length === undefined || length === "0") return noBody;
  if (!/^\d{1,15}$/.test(length)) throw malformed("its Content-Length is not a plain number");
  return { kind: "length", length: Number(length) };
}

function connectionTokens(values: readonly string[]): readonly string[] {
  if (values.length === 0) return values;
  return values.flatMap((value) => value.toLowerCase().split(",").map(trimBlanks)).filter((token) => token !== "");
}

/** A lone `close` or `keep-alive` means the same to the engine, so the head can go as it came. */
function hopByHopOf(seen: Seen, tokens: readonly string[], minor: 0 | 1): ReadonlySet<string> | undefined {
  const isPlain = tokens.every((token) => token === "close" || (token === "keep-alive" && minor === 1));
  if (isPlain && seen.upgradeLike.length === 0) return undefined;
  const named = tokens.find((token) => neverHopByHop.has(token));
  if (named !== undefined) throw malformed(`its Connection header names ${named}`);
  return new Set([...tokens, ...seen.upgradeLike, "connection"]);
}

/** Not String.trim: that takes away more than the blanks and tabs that HTTP allows. */
export function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start += 1;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function malformed(reason: string): Error {
  return engineErrors["request-malformed"]({ reason });
}
