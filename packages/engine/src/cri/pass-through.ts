import { type ClientHttp2Session, type ClientHttp2Stream, constants, type ServerHttp2Stream } from "node:http2";
import { engineErrors } from "../errors.ts";
import { respondError } from "./grpc.ts";

/** A call's headers as they came: name, value, name, value. */
export type RawHeaders = readonly string[];

/** A call on its way in. */
export interface Incoming {
  readonly stream: ServerHttp2Stream;
  readonly headers: RawHeaders;
  /** What is sent instead of what the stream still has to give. */
  readonly body?: Buffer;
}

/**
 * Sends a call on and its answer back, as bytes, each only as fast as the other side takes it. A side that gives up makes the other give up, with the same code.
 * Requests of gRPC have no trailers, so none are passed on; answers' are.
 */
export function passThrough({ stream, headers, body }: Incoming, session: ClientHttp2Session, upstream: string): void {
  if (stream.destroyed) return;
  const request = session.request([...headers]);
  let failure: Error | undefined;
  request.on("error", (error) => {
    failure = error;
  });
  stream.on("error", () => undefined);
  stream.on("close", () => {
    if (!request.closed) request.close(stream.rstCode || constants.NGHTTP2_CANCEL);
  });
  if (body === undefined) stream.pipe(request);
  else request.end(body);
  passAnswer(request, stream);
  request.on("close", () => {
    stream.unpipe(request);
    if (stream.destroyed || stream.writableEnded) return;
    const lost = session.destroyed || session.closed;
    const reason = failure === undefined ? "the connection ended" : reasonOf(failure);
    if (lost && !stream.headersSent) respondError(stream, engineErrors["upstream-unreachable"]({ upstream, reason }));
    else stream.close(request.rstCode || constants.NGHTTP2_INTERNAL_ERROR);
  });
}

/** Of a call whose connection failed, the connection's reason. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message : message;
}

/** Node's types do not know it. */
const asItCame: object = { sendDate: false };

function passAnswer(request: ClientHttp2Stream, stream: ServerHttp2Stream): void {
  let trailers: RawHeaders | undefined;
  request.on("response", (_, flags, headers) => {
    if (stream.destroyed) return;
    const isLast = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(headers as unknown as string[], { endStream: isLast, waitForTrailers: !isLast, ...asItCame });
    if (!isLast) request.pipe(stream);
  });
  request.on("trailers", (_, __, headers?: RawHeaders) => {
    trailers = headers;
  });
  stream.on("wantTrailers", () => {
    if (trailers === undefined) stream.close();
    else stream.sendTrailers(grouped(trailers));
  });
}

/** Trailers are sent as an object: values of one name in their order. */
function grouped(headers: RawHeaders): Record<string, string | string[]> {
  const result: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (let index = 0; index < headers.length; index += 2) {
    const [name = "", value = ""] = headers.slice(index, index + 2);
    result[name] = [...(result[name] ?? []), value];
  }
  return Object.fromEntries(Object.entries(result).map(([name, values]) => [name, values.length === 1 ? (values[0] ?? "") : values]));
}
