import { foldKey, nearest, type PlainProblem, type Problem, type Reading, readSource, wordsOf } from "@outrigger/plugin";
import type { PluginConfig } from "./plugin-config.ts";
import { configShape, type Field, type Shape } from "./shape.ts";

/** A config.json as it was read. */
export interface ConfigFile {
  readonly config: PluginConfig;
  /** Keys that Docker would drop without a word. */
  readonly warnings: readonly Problem[];
  /** Puts a problem where its path stands in the file. Paths are in Docker's spelling, whatever the file's. */
  readonly place: (problem: PlainProblem) => Problem;
}

/**
 * Reads a config.json as an engine does (Go's encoding/json: keys without case, null is empty), but tells what it drops: unknown keys are warnings, keys that
 * stand twice, wrong types and anything but one JSON object are problems.
 */
export function readConfig(text: string, file: string): Reading<ConfigFile> {
  const syntax = syntaxProblem(text, file);
  if (syntax !== undefined) return { ok: false, problems: [syntax] };
  const source = readSource(text, file);
  if (!source.ok) return source;
  const found: Finding[] = [];
  const config = decode(configShape, source.value.value, [], found);
  const place = (problem: PlainProblem): Problem => source.value.place({ ...problem, path: authored(source.value.value, problem.path) });
  const byLine = found.map(({ warning, ...problem }) => ({ warning, problem: source.value.place(problem) }));
  const errors = byLine.filter(({ warning }) => !warning).map(({ problem }) => problem);
  if (errors.length > 0) return { ok: false, problems: errors.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  const warnings = byLine.map(({ problem }) => problem);
  return { ok: true, value: { config: config as PluginConfig, warnings, place } };
}

interface Finding extends PlainProblem {
  readonly warning: boolean;
}

function syntaxProblem(text: string, file: string): Problem | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const words = wordsOf(error);
    const [, line, column] = /line (\d+) column (\d+)/.exec(words) ?? [];
    const [, offset] = /position (\d+)/.exec(words) ?? [];
    const before = text.slice(0, offset === undefined ? text.length : Number(offset)).split("\n");
    return {
      file,
      line: line === undefined ? before.length : Number(line),
      column: column === undefined ? (before.at(-1)?.length ?? 0) + 1 : Number(column),
      path: "",
      code: "json-syntax",
      message: `This is not JSON: ${words}.`,
    };
  }
}

function decode(shape: Shape, value: unknown, path: readonly PropertyKey[], found: Finding[]): unknown {
  if (shape.kind === "raw") return value;
  if (shape.kind === "struct") return decodeStruct(shape.fields, value, path, found);
  if (value === null || value === undefined) return emptyOf(shape);
  if (shape.kind === "list") {
    if (Array.isArray(value)) return value.map((each, index) => decode(shape.of, each, [...path, index], found));
    return wrong(value, "a list", path, found, null);
  }
  switch (shape.kind) {
    case "text":
    case "pointer":
      return typeof value === "string" ? value : wrong(value, shape.kind === "text" ? "a text" : "a text or null", path, found, "");
    case "flag":
      return typeof value === "boolean" ? value : wrong(value, "true or false", path, found, false);
    case "number": {
      const good = typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
      return good ? value : wrong(value, "a whole number from 0 to 4294967295", path, found, 0);
    }
  }
}

function decodeStruct(fields: readonly Field[], value: unknown, path: readonly PropertyKey[], found: Finding[]): unknown {
  const given = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  if (value !== null && value !== undefined && (typeof value !== "object" || Array.isArray(value))) {
    wrong(value, "an object", path, found, null);
  }
  const byName = new Map<string, readonly [string, unknown]>();
  for (const [key, each] of given) {
    const field = fields.find(({ name }) => foldKey(name) === foldKey(key));
    if (field === undefined) found.push(unknownKey([...path, key], key, fields));
    else if (byName.has(field.name)) {
      found.push({
        path: [...path, key],
        code: "duplicate-key",
        message: `${JSON.stringify(key)} and ${JSON.stringify(byName.get(field.name)?.[0])} are one key for an engine: it reads keys without case.`,
        found: key,
        hint: "Remove one of the two.",
        warning: false,
      });
    } else byName.set(field.name, [key, each]);
  }
  const entries = fields.flatMap(({ name, shape, optional }) => {
    const [key, each] = byName.get(name) ?? [name, undefined];
    const absent = each === undefined || each === null;
    if (optional === true && absent) return [];
    const decoded = decode(shape, each, [...path, key], found);
    return optional === true && (decoded === "" || decoded === 0) ? [] : [[name, decoded] as const];
  });
  return Object.fromEntries(entries);
}

function emptyOf(shape: Shape): unknown {
  if (shape.kind === "text") return "";
  if (shape.kind === "flag") return false;
  return shape.kind === "number" ? 0 : null;
}

function wrong<T>(value: unknown, expected: string, path: readonly PropertyKey[], found: Finding[], instead: T): T {
  const shown = (JSON.stringify(value) ?? "nothing").slice(0, 80);
  found.push({ path, code: "wrong-type", message: `Expected ${expected}, found ${shown}.`, found: shown, expected, warning: false });
  return instead;
}

function unknownKey(path: readonly PropertyKey[], key: string, fields: readonly Field[]): Finding {
  const known = fields.map(({ name }) => name).filter((name) => name !== "Outrigger");
  const meant = nearest(key, known);
  return {
    path,
    code: "unknown-key",
    message: `There is no key ${JSON.stringify(key)}; an engine drops it without a word.`,
    found: key,
    expected: known.join(", "),
    hint: meant === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean ${JSON.stringify(meant)}?`,
    warning: true,
  };
}

/** A path in Docker's spelling as the file spells it. */
function authored(value: unknown, path: readonly PropertyKey[]): readonly PropertyKey[] {
  let node = value;
  return path.map((key) => {
    const keys = typeof node === "object" && node !== null && !Array.isArray(node) ? Object.keys(node) : [];
    const spelt = typeof key === "string" ? (keys.find((each) => foldKey(each) === foldKey(key)) ?? key) : key;
    node = typeof node === "object" && node !== null ? (node as Record<PropertyKey, unknown>)[spelt] : undefined;
    return spelt;
  });
}
