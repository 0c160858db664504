import type { PluginConfig } from "./plugin-config.ts";
import { configShape, type Shape } from "./shape.ts";

/**
 * The bytes that an engine stores for a configuration, so that equal configurations have equal digests: Go's encoding/json with its order of keys, its nulls,
 * `<`, `>` and `&` escaped, and a newline at the end.
 */
export function writeConfig(config: PluginConfig): Uint8Array {
  return Buffer.from(`${goJson(ordered(configShape, config))}\n`);
}

/** A value as Go's encoding/json writes it, without a newline. Keys keep their order. */
export function goJson(value: unknown): string {
  return JSON.stringify(value, wellFormed).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Go has no halves of letters. */
function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}

function ordered(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (shape.kind === "list") return Array.isArray(value) ? value.map((each) => ordered(shape.of, each)) : value;
  if (shape.kind !== "struct") return value;
  const given = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    shape.fields.flatMap(({ name, shape: of, optional }) =>
      optional === true && given[name] === undefined ? [] : [[name, ordered(of, given[name] ?? null)] as const],
    ),
  );
}
