import { stringifyJson } from "@outrigger/sdk";
import type { GatewayRequest } from "../gateway/exchange.ts";
import { type BodyType, canonicalBody } from "../json/canonical.ts";
import { type JsonObject, readJson } from "../json/read-json.ts";

/** A request's body as plug-ins see it. */
export interface EngineBody<Shape> {
  readonly value: Shape;
  /** What to send for `after`: nothing where the bytes that came say just that. */
  readonly write: (after: Shape) => { readonly body?: Buffer };
}

/**
 * Reads a body of the engine's API, in the engine's own spelling.
 *
 * @throws request-malformed, body-too-large
 */
export async function readBody<Shape>(request: GatewayRequest, type: BodyType, limit: number): Promise<EngineBody<Shape>> {
  const { value, asCame } = canonicalBody(readJson(await request.body(limit)), type);
  const before = value as unknown as Shape;
  return { value: before, write: (after) => (after === before && asCame ? {} : { body: writeBody(after as unknown as JsonObject) }) };
}

/** JSON with exact integers. */
export function writeBody(value: unknown): Buffer {
  return Buffer.from(stringifyJson(value));
}
