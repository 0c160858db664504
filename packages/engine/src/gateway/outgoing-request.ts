import type { Header, RequestChange } from "./exchange.ts";
import { isFraming, renderRequest } from "./heads.ts";
import { endToEndHeaders, type IncomingRequest } from "./pass-exchange.ts";

export interface OutgoingRequest {
  readonly method: string;
  /** As it is sent. */
  readonly head: string;
  /** Undefined: as it comes from the client, with its framing. */
  readonly body: Buffer | undefined;
  readonly hasBody: boolean;
}

/**
 * What a handler sends on. `content`: the body, where the handler has read it; it goes with a Content-Length then.
 * `continued`: the client was told to go on already, so the engine need not be asked.
 */
export function outgoingRequest(
  { head, target, mayHijack }: IncomingRequest,
  change: RequestChange,
  content: Buffer | undefined,
  continued: boolean,
): OutgoingRequest {
  const body = change.body ?? content;
  const method = change.method ?? head.method;
  const given = change.headers ?? (mayHijack ? head.headers : endToEndHeaders({ ...head, close: false }));
  const framed = body === undefined ? ownFraming(given, head.headers) : lengthFraming(given, body.length);
  const headers = framed.filter(([name]) => isWanted(name.toLowerCase(), { mayHijack, continued: continued || body !== undefined }));
  if (!headers.some(([name]) => name.toLowerCase() === "host")) headers.unshift(["Host", "docker"]);
  const hasBody = body === undefined ? head.framing.kind !== "length" || head.framing.length > 0 : body.length > 0;
  return { method, head: renderRequest(method, change.target ?? target.text, headers), body, hasBody };
}

function isWanted(name: string, { mayHijack, continued }: { readonly mayHijack: boolean; readonly continued: boolean }): boolean {
  if (name === "connection" || name === "upgrade") return mayHijack;
  return name !== "expect" || !continued;
}

/** The framing that the body came with, whatever the handler made of those headers. */
function ownFraming(given: readonly Header[], original: readonly Header[]): readonly Header[] {
  const kept = given.filter((header) => !isFraming(header) || original.includes(header));
  const missing = original.filter((header) => isFraming(header) && !kept.includes(header) && header[0].toLowerCase() !== "connection");
  return [...kept, ...missing];
}

function lengthFraming(given: readonly Header[], length: number): readonly Header[] {
  const value = String(length);
  let placed = false;
  const headers = given.flatMap((header): readonly Header[] => {
    const name = header[0].toLowerCase();
    if (name === "connection") return [header];
    if (name === "content-length" && !placed) {
      placed = true;
      return [[header[0], value]];
    }
    return isFraming(header) ? [] : [header];
  });
  return placed ? headers : [...headers, ["Content-Length", value]];
}
