import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isOutriggerError, wordsOf } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";

/** Status codes of gRPC (doc/statuscodes.md). */
export const grpcStatus = {
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

const statusByError: Readonly<Record<string, number>> = {
  "plugin-refused": grpcStatus.permissionDenied,
  "plugin-failed": grpcStatus.unavailable,
  "cri-message-invalid": grpcStatus.invalidArgument,
  "cri-message-too-large": grpcStatus.resourceExhausted,
  "cri-encoding": grpcStatus.unimplemented,
  "upstream-unreachable": grpcStatus.unavailable,
};

/** Ends a call that has no answer yet with an error's status and words. */
export function respondError(stream: ServerHttp2Stream, error: unknown): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const status = isOutriggerError(error) ? statusByError[error.code] : undefined;
  const message = wordsOf(error);
  const headers = { ":status": 200, "content-type": "application/grpc", "grpc-accept-encoding": "identity,gzip" };
  stream.respond(
    { ...headers, "grpc-status": String(status ?? grpcStatus.internal), "grpc-message": percentEncoded(message) },
    { endStream: true },
  );
}

/** Printable ASCII stays, all else and `%` as bytes of UTF-8 in hexadecimal (gRPC over HTTP/2, Status-Message). */
function percentEncoded(text: string): string {
  const bytes = [...Buffer.from(text.toWellFormed())];
  return bytes.map((byte) => (byte > 31 && byte < 127 && byte !== 37 ? String.fromCharCode(byte) : `%${hexadecimal(byte)}`)).join("");
}

function hexadecimal(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

/** Reads a call's whole request. @throws cri-message-too-large past `limit` bytes; the rest is then not read */
export async function readBody(stream: ServerHttp2Stream, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw engineErrors["cri-message-too-large"]({ limit });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const unzip = promisify(gunzip);
const headLength = 5;

/** The one message of a unary call's request, decompressed. @throws cri-message-invalid, cri-encoding, cri-message-too-large */
export async function messageOf(body: Buffer, headers: IncomingHttpHeaders, limit: number): Promise<Buffer> {
  if (body.length < headLength || body.readUInt32BE(1) !== body.length - headLength)
    throw engineErrors["cri-message-invalid"]({ reason: "it is not one message with its length before it" });
  const content = body.subarray(headLength);
  const flag = body[0] ?? 0;
  if (flag === 0) return content;
  const encoding = headers["grpc-encoding"] ?? "identity";
  if (flag !== 1 || encoding === "identity")
    throw engineErrors["cri-message-invalid"]({ reason: `it is flagged ${flag} with the encoding ${encoding}` });
  if (encoding !== "gzip") throw engineErrors["cri-encoding"]({ encoding: String(encoding) });
  try {
    return await unzip(content, { maxOutputLength: limit });
  } catch (error) {
    if (error instanceof RangeError) throw engineErrors["cri-message-too-large"]({ limit }, { cause: error });
    throw engineErrors["cri-message-invalid"]({ reason: "it can't be decompressed" }, { cause: error });
  }
}

/** A message as a request's body, not compressed; which every encoding allows. */
export function bodyOf(message: Uint8Array): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
