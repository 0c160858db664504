import { type ByteReader, WireFailure } from "./byte-reader.ts";

export interface AnswerHead {
  readonly status: number;
  /** Names in lower case; a repeated header's values are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  /** How long the body is: in bytes, in chunks, or until the connection ends. */
  readonly length: number | "chunked" | "to-end";
  /** Whether Go would send its next request over the same connection. */
  readonly reusable: boolean;
}

const largestBody = 64 * 1024 * 1024;

/** Reads an answer's head; interim answers (1xx) are passed over as Go does. */
export async function readHead(reader: ByteReader): Promise<AnswerHead> {
  const match = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/.exec(await reader.line());
  if (match === null) throw new WireFailure("the answer does not begin with HTTP/1.1 and a status");
  const headers = new Map<string, string>();
  for (let line = await reader.line(); line !== ""; line = await reader.line()) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new WireFailure(`${JSON.stringify(line)} in the answer's head is no header`);
    const key = name.toLowerCase();
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  const status = Number(match[2]);
  if (status >= 100 && status < 200 && status !== 101) return readHead(reader);
  const length = lengthOf(status, headers);
  const connection = (headers.get("connection") ?? "").toLowerCase();
  const kept = match[1] === "1" ? !connection.includes("close") : connection.includes("keep-alive");
  return { status, headers, length, reusable: kept && length !== "to-end" };
}

function lengthOf(status: number, headers: ReadonlyMap<string, string>): AnswerHead["length"] {
  if (status === 204 || status === 304) return 0;
  const encoding = headers.get("transfer-encoding");
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== "chunked") throw new WireFailure(`the answer's Transfer-Encoding is ${encoding}`);
    return "chunked";
  }
  const length = headers.get("content-length");
  if (length === undefined) return "to-end";
  const values = new Set(length.split(/, */));
  if (values.size !== 1 || !/^\d+$/.test(length.split(",")[0] ?? "")) throw new WireFailure(`the answer's Content-Length is ${length}`);
  return Number([...values][0]);
}

/** The answer's body as it comes. */
export async function* bodyOf(reader: ByteReader, { length }: AnswerHead): AsyncGenerator<Buffer> {
  if (length === "chunked") return yield* chunks(reader);
  if (length === "to-end") {
    for (let piece = await reader.some(65_536); piece !== undefined; piece = await reader.some(65_536)) yield piece;
    return;
  }
  if (length > largestBody) throw new WireFailure(`the answer's body is ${length} bytes long`);
  if (length > 0) yield await reader.take(length);
}

async function* chunks(reader: ByteReader): AsyncGenerator<Buffer> {
  for (;;) {
    const size = /^([0-9a-fA-F]{1,8})[ \t]*(;.*)?$/.exec(await reader.line())?.[1];
    if (size === undefined) throw new WireFailure("a chunk of the answer has no length");
    const length = Number.parseInt(size, 16);
    if (length > largestBody) throw new WireFailure(`a chunk of the answer is ${length} bytes long`);
    if (length === 0) break;
    yield await reader.take(length);
    if ((await reader.line()) !== "") throw new WireFailure("a chunk of the answer is longer than it says");
  }
  while ((await reader.line()) !== "");
}
