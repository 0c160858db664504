import { type IncomingMessage, request } from "node:http";
import type { Readable } from "node:stream";
import { asRecord } from "@outrigger/plugin";
import { driverErrors } from "../errors.ts";
import type { ApiAddress } from "./address.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it comes, instead of a body. */
  readonly stream?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a request; an answer of 400 or more is an error. @throws plugin-api-unreachable, plugin-api-denied, plugin-api-failed */
export async function ask(address: ApiAddress, asked: ApiRequest): Promise<IncomingMessage> {
  const answer = await send(address, asked);
  const status = answer.statusCode ?? 500;
  if (status < 400) return answer;
  throw refusal(address, status, await readText(address, answer));
}

export async function askJson(address: ApiAddress, asked: ApiRequest): Promise<unknown> {
  const text = await readText(address, await ask(address, asked));
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    throw driverErrors["plugin-api-failed"]({
      address: address.text,
      status: 200,
      reason: "its answer is not JSON",
      mend: "See what listens there.",
    });
  }
}

/** A stream of JSON lines; one that tells of an error ends it. @throws plugin-api-failed */
export async function* askLines<T extends object>(address: ApiAddress, asked: ApiRequest): AsyncGenerator<T> {
  const answer = await ask(address, asked);
  let rest = "";
  for await (const piece of pieces(address, answer)) {
    rest += piece.toString("utf8");
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield checked<T>(address, line);
  }
  if (rest.trim() !== "") yield checked<T>(address, rest);
}

function checked<T extends object>(address: ApiAddress, line: string): T {
  const value = asRecord(JSON.parse(line));
  if (value["error"] === undefined) return value as T;
  const { hint } = asRecord(value["errorDetail"]);
  throw driverErrors["plugin-api-failed"]({ address: address.text, status: 200, reason: String(value["error"]), mend: mendOf(hint) });
}

export async function* pieces(address: ApiAddress, answer: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const piece of answer) yield piece as Buffer;
  } catch (cause) {
    throw unreachable(address, cause as NodeJS.ErrnoException);
  }
}

async function readText(address: ApiAddress, answer: IncomingMessage): Promise<string> {
  return Buffer.concat(await Array.fromAsync(pieces(address, answer))).toString("utf8");
}

function send(address: ApiAddress, { method, path, query = {}, body, stream, headers = {}, signal }: ApiRequest): Promise<IncomingMessage> {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
  const raw = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      ...address.options,
      agent: false,
      method,
      path: `${path}${search}`,
      headers: {
        host: "docker",
        ...(raw === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(raw)) }),
        ...(raw === undefined && stream === undefined ? { "content-length": "0" } : {}),
        ...headers,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    outgoing.once("error", (cause) => reject(unreachable(address, cause))).once("response", resolve);
    if (stream === undefined) outgoing.end(raw);
    else stream.once("error", (cause) => outgoing.destroy(cause)).pipe(outgoing);
  });
}

function unreachable({ text }: ApiAddress, cause: NodeJS.ErrnoException): Error {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "the socket does not exist",
    ECONNREFUSED: "nothing listens there",
    EACCES: "this user may not use the socket",
    ECONNRESET: "the connection broke",
  };
  return driverErrors["plugin-api-unreachable"]({ address: text, reason: reasons[cause.code ?? ""] ?? cause.message }, { cause });
}

function refusal({ text: address }: ApiAddress, status: number, body: string): Error {
  const { message, hint } = asRecord(parse(body));
  const details = {
    address,
    status,
    reason: typeof message === "string" ? message.trim() : body.trim() || "no reason given",
    mend: mendOf(hint),
  };
  return status < 500 ? driverErrors["plugin-api-denied"](details) : driverErrors["plugin-api-failed"](details);
}

function mendOf(hint: unknown): string {
  return typeof hint === "string" && hint !== "" ? hint : "The reason is its own.";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
