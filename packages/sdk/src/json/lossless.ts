import { wordsOf } from "@outrigger/plugin";
import { sdkErrors } from "../errors.ts";

/** Thrown inside the reviver as JSON.parse would throw for the text itself. */
interface Source {
  readonly source?: string;
}

/**
 * Reads JSON. Integers beyond 2^53, which a number can't hold exactly (Go's int64 and uint64 can), become bigints; everything else is as JSON.parse gives it.
 * @throws json-invalid
 */
export function parseJson(text: string): unknown {
  try {
    // The reviver is slow, and only long runs of digits need it.
    return /\d{16}/.test(text) ? JSON.parse(text, exactNumber) : JSON.parse(text);
  } catch (error) {
    throw sdkErrors["json-invalid"]({ reason: wordsOf(error) });
  }
}

function exactNumber(this: unknown, _key: string, value: unknown, context?: Source): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
  return BigInt(source);
}

/** Writes JSON; bigints become plain integers. Gives `null` for undefined, as lists do. */
export function stringifyJson(value: unknown): string {
  return JSON.stringify(value, exactText) ?? "null";
}

interface RawJson {
  readonly rawJSON: (text: string) => unknown;
}

function exactText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? (JSON as unknown as RawJson).rawJSON(String(value)) : value;
}
