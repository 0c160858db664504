import * as z from "zod";
import type { PlainProblem } from "./problem.ts";
import { cpuPattern, memoryPattern } from "./quantity.ts";

/** A DNS label (RFC 1123): names become host names, container names and parts of file names. */
export const nameField: z.ZodString = z
  .string()
  .max(63, "A name has at most 63 characters.")
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "A name has lower-case letters, digits and inner dashes only, e.g. log-collector.");

/** Semantic Versioning 2.0.0, which orders versions and lets people read what changed. */
export const versionField: z.ZodString = z
  .string()
  .max(128)
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/,
    "A version is MAJOR.MINOR.PATCH, e.g. 1.0.0 or 1.1.0-rc.1 (semver.org).",
  );

/** What Kubernetes and Rainbond take as the name of an environment variable. */
export const variableField: z.ZodString = z
  .string()
  .max(255)
  .regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, "A variable's name has letters, digits, dashes, dots and underscores, and starts with no digit.");

export const memoryField: z.ZodString = z.string().regex(memoryPattern, "An amount of memory is e.g. 64Mi, 1Gi or 500M.");
export const cpuField: z.ZodString = z.string().regex(cpuPattern, "An amount of CPU is e.g. 50m (thousandths of a core) or 0.5.");
export const portField: z.ZodNumber = z.int().min(1).max(65535);
export const pathField: z.ZodString = z
  .string()
  .regex(/^\/(?!\/)/, "A path inside a container starts with one slash, e.g. /var/log.")
  .refine((path) => !path.split("/").includes(".."), "A path inside a container has no `..`.");

/** `{ NAME: text }`. Numbers are refused: YAML would have turned 1.10 into 1.1 already. */
export const variablesField: z.ZodType<Readonly<Record<string, string>>> = z.record(variableField, z.string());

/** Adds a rule over several fields that is checked even when single fields are wrong, so that all mistakes come at once. */
export function withRule<Schema extends z.ZodType>(schema: Schema, rule: (value: unknown) => Iterable<PlainProblem>): Schema {
  return schema.superRefine(
    (value, context) => {
      for (const problem of rule(value)) {
        context.addIssue({ code: "custom", path: [...problem.path], message: problem.message, params: { problem }, input: value });
      }
    },
    { when: () => true },
  ) as Schema;
}

/** The value as a mapping, whatever it is: rules run before it is known that the shape is right. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** A mapping's own value: a setting may be called `constructor`, which every object inherits. */
export function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The value as a list of mappings, whatever it is. */
export function asRecords(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(asRecord) : [];
}

/** One `duplicate-name` problem for each value of `key` that an earlier element has already. */
export function* duplicates(
  list: readonly Readonly<Record<string, unknown>>[],
  key: string,
  path: readonly PropertyKey[],
  what: string,
): Generator<PlainProblem> {
  const first = new Map<unknown, number>();
  for (const [index, element] of list.entries()) {
    const value = element[key];
    if (value === undefined) continue;
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, index);
    else {
      yield {
        path: [...path, index, key],
        code: "duplicate-name",
        message: `${what} ${JSON.stringify(value)} stands twice (first as number ${earlier + 1}).`,
        found: String(value),
        hint: "Give each a name of its own.",
      };
    }
  }
}
