import type { PlainProblem } from "@outrigger/plugin";
import * as z from "zod";

/** `K=V` each, as Sealer has it; or a mapping, whose values stand as they are. */
export type WrittenEnvironment = readonly string[] | Readonly<Record<string, string | readonly string[]>>;

export const environmentField: z.ZodType<WrittenEnvironment> = z.union([
  z.array(z.string()),
  z.record(z.string(), z.union([z.string(), z.array(z.string())])),
]);

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Variables by name. In Sealer's form a key that stands several times, or a value with semicolons, is a list; lists become their words joined by spaces.
 * @param path of the field, for problems
 */
export function variablesOf(
  written: WrittenEnvironment | undefined,
  path: readonly PropertyKey[],
  say: (problem: PlainProblem) => void,
): Readonly<Record<string, string>> {
  const variables = new Map<string, string>();
  for (const { key, words, at } of entriesOf(written ?? [], path, say)) {
    if (!namePattern.test(key)) say(badName(key, at));
    const before = variables.get(key);
    variables.set(key, [...(before === undefined ? [] : [before]), ...words].join(" "));
  }
  return Object.fromEntries(variables);
}

interface Entry {
  readonly key: string;
  readonly words: readonly string[];
  readonly at: readonly PropertyKey[];
}

function entriesOf(written: WrittenEnvironment, path: readonly PropertyKey[], say: (problem: PlainProblem) => void): readonly Entry[] {
  if (!isList(written)) {
    return Object.entries(written).map(([key, value]) => ({ key, words: typeof value === "string" ? [value] : value, at: [...path, key] }));
  }
  return written.flatMap((text, index) => {
    const at = [...path, index];
    const equals = text.indexOf("=");
    if (equals > 0) return [{ key: text.slice(0, equals).trim(), words: text.slice(equals + 1).split(";"), at }];
    say({ path: at, code: "wrong-value", message: `${JSON.stringify(text)} is no variable.`, found: text, expected: "NAME=VALUE" });
    return [];
  });
}

function isList(written: WrittenEnvironment): written is readonly string[] {
  return Array.isArray(written);
}

function badName(key: string, path: readonly PropertyKey[]): PlainProblem {
  const mended = key.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
  return {
    path,
    code: "wrong-value",
    message: `A shell can have no variable ${JSON.stringify(key)}: names have letters, digits and underscores, and begin with no digit.`,
    found: key,
    ...(namePattern.test(mended) ? { hint: `Name it ${mended}.` } : {}),
  };
}
