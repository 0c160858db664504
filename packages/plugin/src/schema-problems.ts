import type * as z from "zod";
import { nearest } from "./nearest.ts";
import { formatPath, type PlainProblem, type ProblemCode } from "./problem.ts";

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/** Turns what zod found into problems that name what was found, what was expected and, for a misspelt word, the nearest right one. */
export function problemsOf(schema: z.ZodType, value: unknown, issues: readonly Issue[]): PlainProblem[] {
  const problems = issues.flatMap((issue) => problemsOfIssue(schema, value, issue));
  // `sorce:` for `source:` is one mistake, not an unknown key and a missing one.
  const meant = new Set(problems.flatMap((problem) => (problem.code === "unknown-key" ? meantPaths(problem) : [])));
  return problems.filter((problem) => problem.code !== "missing-key" || !meant.has(formatPath(problem.path)));
}

function meantPaths(problem: PlainProblem): readonly string[] {
  const meant = nearest(problem.found ?? "", problem.expected?.split(", ") ?? []);
  return meant === undefined ? [] : [formatPath([...problem.path.slice(0, -1), meant])];
}

function problemsOfIssue(schema: z.ZodType, value: unknown, issue: Issue): PlainProblem[] {
  const path = issue.path;
  const found = valueAt(value, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey([...path, key], key, keysAt(schema, path, value)));
    case "invalid_type":
      return [found === undefined ? missing(path, issue.expected) : wrongType(path, found, issue.expected)];
    case "invalid_value":
      return [wrongValue(path, found, issue.values.map(String))];
    case "invalid_union":
      return unionProblems(schema, value, issue, found);
    case "too_small":
    case "too_big":
      return [{ path, code: "out-of-range", message: `${show(found)} is out of range: ${lowerFirst(issue.message)}.`, found: show(found) }];
    case "invalid_key":
      return issue.issues.map((inner) => ({ path, code: "wrong-value", message: inner.message, found: String(path.at(-1) ?? "") }));
    case "custom":
      return [
        isProblem(issue.params?.["problem"])
          ? { ...issue.params["problem"], path }
          : { path, code: "wrong-value", message: issue.message, found: show(found) },
      ];
    default:
      return [{ path, code: "wrong-value", message: `${show(found)} is not allowed. ${issue.message}`, found: show(found) }];
  }
}

function unionProblems(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssueInvalidUnion, found: unknown): PlainProblem[] {
  if (issue.errors.length === 0) {
    const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
    return [found === undefined ? missing(issue.path, options.join(" or ")) : wrongValue(issue.path, found, options)];
  }
  // The branch whose mistakes lie deepest is the one that was meant: a wrong field inside an object says more than "no string".
  const ranked = issue.errors.toSorted((a, b) => depth(b) - depth(a));
  const meant = ranked[0] ?? [];
  if (depth(meant) === 0 && issue.errors.every((branch) => branch.every((inner) => inner.code === "invalid_type"))) {
    const expected = [...new Set(issue.errors.flat().flatMap((inner) => (inner.code === "invalid_type" ? [inner.expected] : [])))].join(
      " or ",
    );
    return [found === undefined ? missing(issue.path, expected) : wrongType(issue.path, found, expected)];
  }
  return meant.flatMap((inner) => problemsOfIssue(schema, value, { ...inner, path: [...issue.path, ...inner.path] } as Issue));
}

function depth(issues: readonly Issue[]): number {
  const deepest = Math.max(0, ...issues.map((issue) => issue.path.length * 2 + (issue.code === "invalid_type" ? 0 : 1)));
  return deepest;
}

function unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]): PlainProblem {
  const meant = nearest(key, known);
  return {
    path,
    code: "unknown-key",
    message: `There is no key ${JSON.stringify(key)} here.`,
    found: key,
    expected: known.join(", "),
    hint: meant === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean ${JSON.stringify(meant)}?`,
  };
}

function missing(path: readonly PropertyKey[], expected: string): PlainProblem {
  return {
    path,
    code: "missing-key",
    message: `${JSON.stringify(String(path.at(-1) ?? "the document"))} is missing; expected ${article(expected)}.`,
    found: "nothing",
    expected,
  };
}

function wrongType(path: readonly PropertyKey[], found: unknown, expected: string): PlainProblem {
  const quote = expected === "string" && (typeof found === "number" || typeof found === "boolean");
  return {
    path,
    code: "wrong-type",
    message: `Expected ${article(expected)}, found ${show(found)}.`,
    found: show(found),
    expected,
    ...(quote ? { hint: `Quote it: "${String(found)}".` } : {}),
  };
}

function wrongValue(path: readonly PropertyKey[], found: unknown, options: readonly string[]): PlainProblem {
  if (found === undefined) return missing(path, options.join(" or "));
  const meant = typeof found === "string" ? nearest(found, options) : undefined;
  return {
    path,
    code: "wrong-value" satisfies ProblemCode,
    message: `${show(found)} is not among the values allowed: ${options.join(", ")}.`,
    found: show(found),
    expected: options.join(", "),
    ...(meant === undefined ? {} : { hint: `Did you mean ${JSON.stringify(meant)}?` }),
  };
}

/** The keys that the schema knows at `path`; follows unions by what the value chose. */
function keysAt(schema: Schema, path: readonly PropertyKey[], value: unknown): readonly string[] {
  const found = path.reduce<{ schemas: readonly Schema[]; value: unknown }>(
    (at, key) => ({
      schemas: at.schemas.flatMap((each) => expand(each, at.value)).flatMap((each) => child(each, key)),
      value: valueAt(at.value, [key]),
    }),
    { schemas: [schema], value },
  );
  const objects = found.schemas.flatMap((each) => expand(each, found.value));
  return [...new Set(objects.flatMap((each) => ("shape" in each._zod.def ? Object.keys(each._zod.def.shape as object) : [])))];
}

interface AnyDefinition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly options?: readonly Schema[];
  readonly discriminator?: string;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly element?: Schema;
  readonly valueType?: Schema;
}

function definition(schema: Schema): AnyDefinition {
  return schema._zod.def as unknown as AnyDefinition;
}

function expand(schema: Schema, value: unknown): readonly Schema[] {
  const def = definition(schema);
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return expand(inner, value);
  if (def.options === undefined) return [schema];
  const chosen = def.options.filter((option) => {
    const tag = def.discriminator === undefined ? undefined : definition(option).shape?.[def.discriminator];
    return tag === undefined || tag._zod.values?.has(valueAt(value, [def.discriminator ?? ""]) as string) === true;
  });
  return chosen.flatMap((option) => expand(option, value));
}

function child(schema: Schema, key: PropertyKey): readonly Schema[] {
  const def = definition(schema);
  const next = def.shape?.[String(key)] ?? def.element ?? def.valueType;
  return next === undefined ? [] : [next];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}

function isProblem(value: unknown): value is PlainProblem {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const spoken: Readonly<Record<string, string>> = {
  string: "a string",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
};

function article(expected: string): string {
  return expected
    .split(" or ")
    .map((word) => spoken[word] ?? word)
    .join(" or ");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}
