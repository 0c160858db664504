import type { IncomingMessage } from "node:http";
import { asRecord } from "@outrigger/plugin";
import type { Credentials } from "@outrigger/registry";
import { driverErrors } from "../../errors.ts";

const largestBody = 4 * 1024 * 1024;

/** A body of JSON, whatever its content type says; undefined for none. @throws request-invalid */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > largestBody) throw invalid("its body is larger than 4 MiB");
    pieces.push(piece);
  }
  const text = Buffer.concat(pieces).toString("utf8").trim();
  return text === "" ? undefined : parse(text, "its body is not JSON");
}

/** `1`, `true` and the like, as Go's engines read them. */
export function flag(query: URLSearchParams, name: string): boolean {
  const text = (query.get(name) ?? "").trim().toLowerCase();
  return !["", "0", "no", "false", "none"].includes(text);
}

/** A whole number; 0 where it is not given. @throws request-invalid */
export function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "0";
  if (!/^\d{1,6}$/.test(text)) throw invalid(`${name} is no number of seconds`);
  return Number(text);
}

/** @throws request-invalid */
export function required(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null || value === "") throw invalid(`\`${name}\` is missing`);
  return value;
}

/** X-Registry-Auth: base64 of JSON, in either alphabet. Undefined for nobody in particular. @throws request-invalid */
export function credentialsOf(header: string | readonly string[] | undefined): Credentials | undefined {
  if (typeof header !== "string" || header === "") return undefined;
  const text = Buffer.from(header, "base64url").toString("utf8");
  const { username, password, identitytoken, registrytoken } = asRecord(parse(text, "X-Registry-Auth can't be read"));
  if (typeof identitytoken === "string" && identitytoken !== "") return { kind: "identity-token", token: identitytoken };
  if (typeof registrytoken === "string" && registrytoken !== "") return { kind: "registry-token", token: registrytoken };
  if (typeof username !== "string" || typeof password !== "string" || username === "") return undefined;
  return { kind: "password", username, password };
}

function parse(text: string, reason: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(reason);
  }
}

function invalid(reason: string): Error {
  return driverErrors["request-invalid"]({ reason });
}
