import { foldKey } from "@outrigger/sdk";
/** An object of a body. Keys are folded: engines take them in any case. */
export type Folded = ReadonlyMap<string, unknown>;

/**
 * Reads a body as the engine does.
 *
 * @returns undefined where two readers could read it differently: no JSON, text after it, a key that stands twice in any case
 */
export function readBody(body: Buffer): Folded | undefined {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return hasKeyTwice(text) ? undefined : folded(value);
}

/** The object with folded keys, and so its objects; undefined for what is no object. */
export function folded(value: unknown): Folded | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([key, each]) => [foldKey(key), each]));
}

/** @param text valid JSON */
function hasKeyTwice(text: string): boolean {
  const objects: Set<string>[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === "{") objects.push(new Set());
    else if (token === "}") objects.pop();
    else if (colon !== undefined) {
      const key = foldKey(String(JSON.parse(token.slice(0, -colon.length))));
      const keys = objects.at(-1);
      if (keys?.has(key) === true) return true;
      keys?.add(key);
    }
  }
  return false;
}

/** The object at a key; an empty one where there is none. */
export function inner(object: Folded | undefined, key: string): Folded {
  return folded(object?.get(foldKey(key))) ?? new Map();
}

/** The list at a key; what stands there without being a list, as one. */
export function listAt(object: Folded, key: string): readonly unknown[] {
  const value = object.get(foldKey(key)) ?? [];
  return Array.isArray(value) ? value : [value];
}

export function textAt(object: Folded, key: string): string {
  const value = object.get(foldKey(key));
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}
