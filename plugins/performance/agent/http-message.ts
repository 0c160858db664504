/** How the body of a message ends. `unknown`: its head was not seen whole. */
export type Framing = { readonly length: number } | "chunked" | "close" | "unknown";

/** Head of a request or an answer, as far as it is of use. */
export interface Head {
  /** The first line. */
  readonly line: string;
  /** Lower case; the last of several. Empty where the head was not seen whole. */
  readonly headers: ReadonlyMap<string, string>;
  /** False: the end was not captured, or there was none. */
  readonly whole: boolean;
}

const wanted: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

export function parseHead(text: string, whole: boolean): Head {
  const [line = "", ...rest] = text.split(/\r?\n/);
  const headers = new Map<string, string>();
  if (!whole) return { line, headers, whole };
  for (const header of rest) {
    const colon = header.indexOf(":");
    const name = header.slice(0, colon).toLowerCase();
    if (wanted.has(name)) headers.set(name, header.slice(colon + 1).trim());
  }
  return { line, headers, whole };
}

/** What the head says of the body; `absent` is what it means when it says nothing. */
export function framingOf({ headers, whole }: Head, absent: Framing): Framing {
  if (!whole) return "unknown";
  if (/(^|,)\s*chunked$/i.test(headers.get("transfer-encoding") ?? "")) return "chunked";
  const length = headers.get("content-length");
  if (length === undefined) return absent;
  return /^[0-9]{1,15}$/.test(length) ? { length: Number(length) } : "unknown";
}
