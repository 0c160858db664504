import { AnswerBody } from "./answer-body.ts";
import { noBody } from "./body-scanner.ts";
import type { GatewayResponse, Header } from "./exchange.ts";
import { isFraming, renderResponse } from "./heads.ts";
import type { RequestHead } from "./request-head.ts";

/** The client's side of an answer. */
export interface AnswerWay {
  readonly head: RequestHead;
  /** The connection is closed after the answer in any case. */
  readonly mustClose: boolean;
  /** False when it is better to wait for `drained`. */
  readonly write: (bytes: Buffer | string) => boolean;
  readonly drained: () => Promise<void>;
  readonly isGone: () => boolean;
  /** The promise's value, or undefined once the client is gone. */
  readonly orGone: <Value>(promise: Promise<Value>) => Promise<Value | undefined>;
}

type Plan = {
  readonly headers: readonly Header[];
  readonly pieces: AsyncIterable<Buffer> | Buffer;
  readonly chunks: boolean;
  readonly closes: boolean;
};

/**
 * Sends a handler's answer, as fast as the client takes it; gives whether the connection can serve another request.
 * The engine's own stream keeps its framing; other streams are sent in chunks.
 *
 * @throws whatever the body's stream throws; gateway-failed where the head can't be sent
 */
export async function sendAnswer(answer: GatewayResponse, way: AnswerWay): Promise<boolean> {
  const plan = planOf(answer, way.head);
  const closes = plan.closes || way.mustClose || way.head.close;
  const saysClose = plan.headers.some(([name]) => name.toLowerCase() === "connection");
  const headers: readonly Header[] = closes && !saysClose ? [...plan.headers, ["Connection", "close"]] : plan.headers;
  const head = Buffer.from(renderResponse(answer.status, answer.reason, headers), "latin1");
  const { pieces } = plan;
  if (way.isGone()) {
    if (!Buffer.isBuffer(pieces))
      void pieces[Symbol.asyncIterator]()
        .return?.()
        .catch(() => {});
    return false;
  }
  if (Buffer.isBuffer(pieces)) {
    if (!way.write(Buffer.concat([head, pieces]))) await way.drained();
    return !closes;
  }
  way.write(head);
  await sendPieces(pieces, plan.chunks, way);
  return !closes && !way.isGone();
}

async function sendPieces(pieces: AsyncIterable<Buffer>, chunks: boolean, way: AnswerWay): Promise<void> {
  const iterator = pieces[Symbol.asyncIterator]();
  for (;;) {
    const next = way.isGone() ? undefined : await way.orGone(iterator.next());
    if (next === undefined) return void iterator.return?.().catch(() => {});
    if (next.done === true) break;
    const piece = next.value;
    if (piece.length === 0) continue;
    const goesOn = chunks ? writeChunk(piece, way) : way.write(piece);
    if (!goesOn) await way.drained();
  }
  if (chunks) way.write("0\r\n\r\n");
}

function writeChunk(piece: Buffer, way: AnswerWay): boolean {
  const size = `${piece.length.toString(16)}\r\n`;
  if (piece.length < 16_384) return way.write(Buffer.concat([Buffer.from(size), piece, Buffer.from("\r\n")]));
  way.write(size);
  way.write(piece);
  return way.write("\r\n");
}

function planOf({ status, headers, body }: GatewayResponse, head: RequestHead): Plan {
  const mayChunk = head.minor === 1;
  const hasNone = head.method === "HEAD" || status === 204 || status === 304;
  if (body instanceof AnswerBody) {
    const { framing } = body;
    if (hasNone || framing.kind === "length") return planLength(headers, body, hasNone);
    const isChunked = framing.kind === "chunked" && mayChunk;
    const kept = isChunked ? withCoding(headers) : withoutFraming(headers);
    return { headers: kept, pieces: isChunked ? body.raw() : body, chunks: false, closes: !isChunked };
  }
  if (Buffer.isBuffer(body)) {
    if (status === 204 || status === 304)
      return { headers: withoutFraming(headers), pieces: Buffer.alloc(0), chunks: false, closes: false };
    const whole: readonly Header[] = [...withoutFraming(headers), ["Content-Length", String(body.length)]];
    return { headers: whole, pieces: hasNone ? Buffer.alloc(0) : body, chunks: false, closes: false };
  }
  if (hasNone) return { headers: withoutFraming(headers), pieces: Buffer.alloc(0), chunks: false, closes: false };
  const plain = withoutFraming(headers);
  return { headers: mayChunk ? [...plain, ["Transfer-Encoding", "chunked"]] : plain, pieces: body, chunks: mayChunk, closes: !mayChunk };
}

/** The engine's answer whose length is known, also where it has no body: HEAD says how long GET's would be. */
function planLength(headers: readonly Header[], body: AnswerBody, hasNone: boolean): Plan {
  const length = body.framing.kind === "length" ? body.framing.length : 0;
  if (hasNone) {
    body.leave();
    const same = body.framing === noBody ? headers.filter(([name]) => name.toLowerCase() !== "connection") : withoutFraming(headers);
    return { headers: same, pieces: Buffer.alloc(0), chunks: false, closes: false };
  }
  const lengths = headers.filter(([name]) => name.toLowerCase() === "content-length");
  const isIntact = lengths.length === 1 && lengths[0]?.[1] === String(length);
  const kept = headers.filter((header) => !isFraming(header) || (isIntact && lengths.includes(header)));
  return { headers: isIntact ? kept : [...kept, ["Content-Length", String(length)]], pieces: body.raw(), chunks: false, closes: false };
}

function withCoding(headers: readonly Header[]): readonly Header[] {
  const kept = headers.filter((header) => !isFraming(header) || header[0].toLowerCase() === "trailer" || isChunkedCoding(header));
  return kept.some(isChunkedCoding) ? kept : [...kept, ["Transfer-Encoding", "chunked"]];
}

function isChunkedCoding([name, value]: Header): boolean {
  return name.toLowerCase() === "transfer-encoding" && value.toLowerCase() === "chunked";
}

function withoutFraming(headers: readonly Header[]): readonly Header[] {
  return headers.filter((header) => !isFraming(header));
}
