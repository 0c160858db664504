import { hash } from "node:crypto";

/** JSON with sorted keys: equal values have equal texts. Fields that are undefined count as absent. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
    .join(",")}}`;
}

/** `sha256:...` of a value's canonical JSON. */
export function digestOfValue(value: unknown): string {
  return `sha256:${hash("sha256", canonicalJson(value))}`;
}
