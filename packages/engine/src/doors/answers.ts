import { stringifyJson } from "@outrigger/sdk";
import type { GatewayResponse, Header } from "../gateway/exchange.ts";
import { readJson } from "../json/read-json.ts";

/** An answer's whole body, or more than `limit` bytes of it: the rest is then not read. */
export async function bodyOf({ body }: GatewayResponse, limit: number = Number.POSITIVE_INFINITY): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return body;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size > limit) break;
  }
  return Buffer.concat(parts);
}

/** An answer of our own, as the engine writes its own: the Go client compares the type literally. */
export function jsonAnswer(status: number, body: unknown, headers: readonly Header[] = []): GatewayResponse {
  return { status, headers: [["Content-Type", "application/json"], ...headers], body: Buffer.from(`${stringifyJson(body)}\n`) };
}

/** Headers without those that frame the old body. */
export function unframed(headers: readonly Header[]): readonly Header[] {
  return headers.filter(([name]) => !/^(content-length|transfer-encoding|connection)$/i.test(name));
}

/** The answer with warnings added to its `Warnings`, where it succeeded and has them. */
export async function withWarnings(answer: GatewayResponse, warnings: readonly string[]): Promise<GatewayResponse> {
  if (warnings.length === 0 || answer.status < 200 || answer.status > 299) return answer;
  const bytes = await bodyOf(answer);
  const value = bytes.length === 0 ? {} : readJson(bytes);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { ...answer, body: bytes };
  const given = (value as { readonly Warnings?: unknown })["Warnings"];
  const all = [...(Array.isArray(given) ? given : []), ...warnings];
  return { ...answer, headers: unframed(answer.headers), body: Buffer.from(`${stringifyJson({ ...value, Warnings: all })}\n`) };
}
