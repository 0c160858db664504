import type { Exchange } from "./wire/wire.ts";

/** What dockerd makes of an exchange: a value, or an error. */
export interface Verdict {
  readonly value: GoObject;
  /** The error's text as the engine's users see it; undefined when it takes the answer for a success. */
  readonly error?: string;
  /** The error stands where the engine looks for it, and not in broken bytes or a lost connection. */
  readonly told: boolean;
}

/** An object of an answer, read as Go's encoding/json reads it: names without case. */
export interface GoObject {
  readonly keys: readonly string[];
  /** undefined where there is none, or null. */
  readonly get: (name: string) => unknown;
}

export function goObject(value: unknown): GoObject | undefined {
  if (value === null || value === undefined) return { keys: [], get: () => undefined };
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return {
    keys: entries.map(([key]) => key),
    get: (name) => entries.findLast(([key]) => key === name || key.toLowerCase() === name.toLowerCase())?.[1] ?? undefined,
  };
}

const nothing: GoObject = { keys: [], get: () => undefined };

/** Reads an answer as pkg/plugins/client.go and the callers do (moby 20.10 to 29): 200 alone is success; the error's key is `Err`, for IPAM `Error`. */
export function verdictOf(exchange: Exchange, errorKey: "Err" | "Error" = "Err"): Verdict {
  if (exchange.answer === undefined) return { value: nothing, error: exchange.failure ?? "no answer", told: false };
  const { head, text } = exchange.answer;
  if (head.status !== 200) {
    const error = goObject(parsed(text))?.get("Err");
    const words = typeof error === "string" && error !== "" ? error : text.trim();
    return { value: nothing, error: `${exchange.method}: ${words === "" ? `status ${head.status}` : words}`, told: words !== "" };
  }
  // The engine passes no place to decode into: the status alone counts.
  if (exchange.method.startsWith("MetricsCollector.")) return { value: nothing, told: true };
  if (text.trim() === "") return { value: nothing, error: "EOF (the body is empty)", told: false };
  const whole = parsed(text);
  const value = whole === notJson ? undefined : goObject(whole);
  if (value === undefined) return { value: nothing, error: "the body is no JSON object", told: false };
  const error = value.get(errorKey);
  if (error !== undefined && typeof error !== "string") return { value: nothing, error: `${errorKey} is no string`, told: false };
  return error === undefined || error === "" ? { value, told: true } : { value, error, told: true };
}

const notJson: unique symbol = Symbol("not JSON");

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return notJson;
  }
}
