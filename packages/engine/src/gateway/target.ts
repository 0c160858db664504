import { engineErrors } from "../errors.ts";
import type { Target } from "./exchange.ts";

const versionPrefix = /^\/v([0-9.]+)(\/.*)$/s;
const plainPath = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)+\/?$|^\/$/;
const dotSegment = /(?:^|\/)\.{1,2}(?:\/|$)/;
// Where the engine's router takes slashes for part of a name (`{name:.*}`), clients may encode them.
const namesWithSlashes = /^(?:\/v[0-9.]+)?\/(?:images|distribution|plugins)\/./;
const odd = /[\\%\p{Cc}]/u;
const keptPlain = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/gu;

/**
 * Makes the place that a request names canonical. The engine's router matches the decoded path, so that is what counts here too.
 *
 * @throws request-malformed for everything but an origin-form target in one reading
 */
export function parseTarget(text: string): Target {
  if (!text.startsWith("/")) throw malformed("its target is not a path");
  const question = text.indexOf("?");
  const rawPath = question < 0 ? text : text.slice(0, question);
  const rawQuery = question < 0 ? "" : text.slice(question + 1);
  // Engines differ about `;`: older ones take it for `&`.
  if (/;|%(?![0-9A-Fa-f]{2})/.test(rawQuery)) throw malformed("its query has a semicolon or a percent sign that is not encoded");
  const isPlain = plainPath.test(rawPath);
  const decoded = isPlain ? rawPath : decodePath(rawPath);
  if (dotSegment.test(decoded)) throw malformed("its path has . or .. in it");
  const canonical = isPlain ? rawPath : decoded.replace(keptPlain, encodeURIComponent);
  const versioned = versionPrefix.exec(decoded);
  const whole = question < 0 ? canonical : `${canonical}?${rawQuery}`;
  return new CanonicalTarget(versioned?.[1] ?? null, versioned?.[2] ?? decoded, whole, rawQuery);
}

function decodePath(raw: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw);
  } catch {
    throw malformed("its path is not encoded as UTF-8");
  }
  if (odd.test(decoded)) throw malformed("its path has a backslash, a percent sign or a control character in it");
  if (decoded.includes("//")) throw malformed("its path has an empty part");
  if (/[#\u{d800}-\u{dfff}]/u.test(raw)) throw malformed("its path has a # that is not encoded");
  if (/%2f/i.test(raw) && !namesWithSlashes.test(raw)) throw malformed("its path has an encoded slash");
  return decoded;
}

/** The query is read only where somebody asks for it. */
class CanonicalTarget implements Target {
  readonly version: string | null;
  readonly path: string;
  readonly text: string;
  readonly #rawQuery: string;
  #query: Target["query"] | undefined;

  constructor(version: string | null, path: string, text: string, rawQuery: string) {
    this.version = version;
    this.path = path;
    this.text = text;
    this.#rawQuery = rawQuery;
  }

  get query(): Target["query"] {
    this.#query ??= parseQuery(this.#rawQuery);
    return this.#query;
  }
}

/** As Go's url.ParseQuery: in order, repeated names stay. Bytes that are no UTF-8 become U+FFFD here; what is sent on is the text. */
function parseQuery(raw: string): Target["query"] {
  return raw
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      return equals < 0
        ? ([decodeQuery(part), ""] as const)
        : ([decodeQuery(part.slice(0, equals)), decodeQuery(part.slice(equals + 1))] as const);
    });
}

function decodeQuery(text: string): string {
  if (!/[%+]/.test(text)) return text;
  const bytes = text.replaceAll("+", " ").replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function malformed(reason: string): Error {
  return engineErrors["request-malformed"]({ reason });
}
