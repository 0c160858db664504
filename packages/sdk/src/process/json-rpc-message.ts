import { isObject } from "../json/is-object.ts";

/** Names a request for as long as it is not answered. */
export type MessageId = string | number;

/** A message of JSON-RPC 2.0. Batches are none of ours. */
export type Message =
  | { readonly method: string; readonly params?: unknown; readonly id?: MessageId }
  | { readonly id: MessageId; readonly result: unknown }
  | { readonly id: MessageId; readonly error: { readonly code: number; readonly message: string } };

const known: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);

export function isMessage(value: unknown): value is Message {
  if (!isObject(value) || value["jsonrpc"] !== "2.0" || Object.keys(value).some((key) => !known.has(key))) return false;
  const { id, method } = value;
  const hasId = typeof id === "string" || (typeof id === "number" && Number.isFinite(id));
  if (typeof method === "string") return (hasId || !("id" in value)) && !("result" in value) && !("error" in value);
  if ("method" in value || "params" in value || !hasId || "result" in value === "error" in value) return false;
  return !("error" in value) || isFailure(value["error"]);
}

function isFailure(error: unknown): boolean {
  return isObject(error) && typeof error["code"] === "number" && typeof error["message"] === "string";
}
