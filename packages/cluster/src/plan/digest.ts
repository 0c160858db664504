import { hash } from "node:crypto";

/** JSON with sorted keys: equal values have equal texts. Fields that are undefined count as absent. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const record = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const key of Object.keys(record).sort()) {
    const field = record[key];
    if (field !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}

/** `sha256:...` of a value's canonical JSON. */
export function digestOfValue(value: unknown): string {
  return `sha256:${hash("sha256", canonicalJson(value))}`;
}
