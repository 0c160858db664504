import { STATUS_CODES } from "node:http";
import { isOutriggerError } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import type { Header } from "./exchange.ts";

const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const framingNames = new Set(["content-length", "transfer-encoding", "connection", "trailer"]);

/** True for headers that say where a message ends; those are the gateway's own affair. */
export function isFraming([name]: Header): boolean {
  return framingNames.has(name.toLowerCase());
}

/** A request's head as it is sent. @throws gateway-failed where a part of it can't stand in a head */
export function renderRequest(method: string, target: string, headers: readonly Header[], minor: 0 | 1 = 1): string {
  if (!headerName.test(method) || !/^\/[\x21-\x7e]*$/.test(target)) throw unfit("request line", `${method} ${target}`);
  return `${method} ${target} HTTP/1.${minor}\r\n${renderHeaders(headers)}\r\n`;
}

/** An answer's head as it is sent. @throws gateway-failed where a part of it can't stand in a head */
export function renderResponse(status: number, reason: string | undefined, headers: readonly Header[]): string {
  const words = reason ?? STATUS_CODES[status] ?? "";
  if (!Number.isInteger(status) || status < 200 || status > 599 || !headerValue.test(words)) throw unfit("status", `${status} ${words}`);
  return `HTTP/1.1 ${status} ${words}\r\n${renderHeaders(headers)}\r\n`;
}

function renderHeaders(headers: readonly Header[]): string {
  let text = "";
  for (const [name, value] of headers) {
    if (!headerName.test(name) || !headerValue.test(value)) throw unfit("header", name);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

/** Any error as the engine would tell it. */
export function errorAnswer(error: unknown): { readonly status: number; readonly headers: readonly Header[]; readonly body: Buffer } {
  const known = isOutriggerError(error) ? error : engineErrors["gateway-failed"]({ reason: "a handler failed" });
  const message = known.hint === "" ? known.message : `${known.message} ${known.hint}`;
  // Exactly this type: the engine's Go client prints anything else raw.
  return { status: known.status, headers: [["Content-Type", "application/json"]], body: Buffer.from(`${JSON.stringify({ message })}\n`) };
}

function unfit(what: string, found: string): Error {
  return engineErrors["gateway-failed"]({ reason: `a handler gave a ${what} that can't be sent: ${JSON.stringify(found)}` });
}
