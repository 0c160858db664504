import { asRecord, nearest, type PlainProblem, type Problem, problemsOf, type SourceDocument } from "@outrigger/plugin";
import * as z from "zod";

/** The apiVersions that documents can have: Sealer's through its versions, and ours. */
export const apiVersions = ["sealer.aliyun.com/v1alpha1", "sealer.cloud/v2", "sealer.io/v1", "sealer.io/v2", "outrigger.dev/v1"] as const;

export const ourApiVersion = "outrigger.dev/v1";

/** Any of {@link apiVersions}; older files of Sealer have none on some documents. */
export const apiVersionField: z.ZodType<string> = z.enum(apiVersions);

/** What Go writes for fields that are empty: read as absent. */
export const emptyStatus: z.ZodType<unknown> = z.union([z.null(), z.strictObject({})]);

/** `metadata` of documents that Sealer's own commands may have written. */
export const metadataField: z.ZodType<{ readonly name: string }> = z.strictObject({
  name: z.string(),
  creationTimestamp: z.null().exactOptional(),
});

/** Checks a document against a schema; mistakes are placed in the file. */
export function checkFields<T>(
  source: SourceDocument,
  schema: z.ZodType<T>,
): { readonly value: T } | { readonly problems: readonly Problem[] } {
  const parsed = schema.safeParse(source.value);
  if (parsed.success) return { value: parsed.data };
  return { problems: problemsOf(schema, source.value, parsed.error.issues).map(source.place) };
}

/** A word that is not among those known, with the nearest. */
export function unknownWord(path: readonly PropertyKey[], what: string, found: string, known: readonly string[]): PlainProblem {
  const meant = nearest(found, known);
  return {
    path,
    code: "wrong-value",
    message: `There is no ${what} ${JSON.stringify(found)}.`,
    found,
    expected: known.join(", "),
    hint: meant === undefined ? `Known are: ${known.join(", ")}.` : `Did you mean ${JSON.stringify(meant)}?`,
  };
}

/** The kind of a document, or the problem that it has none of those that are known. */
export function kindOf(source: SourceDocument, known: readonly string[]): { readonly kind: string } | { readonly problem: Problem } {
  const kind = asRecord(source.value)["kind"];
  if (typeof kind === "string" && known.includes(kind)) return { kind };
  if (typeof kind === "string") return { problem: source.place(unknownWord(["kind"], "kind", kind, known)) };
  return {
    problem: source.place({
      path: ["kind"],
      code: "missing-key",
      message: `A document needs a kind: one of ${known.join(", ")}.`,
      expected: known.join(", "),
    }),
  };
}

export function byPlace(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
