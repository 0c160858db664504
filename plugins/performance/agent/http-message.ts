/** How the body of a message ends. `unknown`: its head was not seen whole. */
export type Framing = { readonly length: number } | "chunked" | "close" | "unknown";

/** Head of a request or an answer, as far as it is of use. */
export interface Head {
  /** The first line. */
  readonly line: string;
  /** content-length and transfer-encoding. */
  readonly length: string | undefined;
  readonly encoding: string | undefined;
  /** False: the end was not captured, or there was none. */
  readonly whole: boolean;
}

const lengthHeader = /\ncontent-length:[ \t]*([^\r\n]*)/i;
const encodingHeader = /\ntransfer-encoding:[ \t]*([^\r\n]*)/i;

export function parseHead(text: string, whole: boolean): Head {
  const end = text.indexOf("\n");
  const line = (end < 0 ? text : text.slice(0, end)).trimEnd();
  if (!whole) return { line, length: undefined, encoding: undefined, whole };
  return { line, length: lengthHeader.exec(text)?.[1], encoding: encodingHeader.exec(text)?.[1], whole };
}

/** What the head says of the body; `absent` is what it means when it says nothing. */
export function framingOf({ length, encoding, whole }: Head, absent: Framing): Framing {
  if (!whole) return "unknown";
  if (encoding !== undefined && /(^|[, \t])chunked\s*$/i.test(encoding)) return "chunked";
  if (length === undefined) return absent;
  return /^[0-9]{1,15}\s*$/.test(length) ? { length: Number(length) } : "unknown";
}
