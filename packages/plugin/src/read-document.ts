import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
  type YAMLError,
} from "yaml";
import type * as z from "zod";
import { wordsOf } from "./errors-catalogue.ts";
import { formatPath, type PlainProblem, type Problem } from "./problem.ts";
import { problemsOf } from "./schema-problems.ts";

/** What reading gave: the value, or every mistake at once. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/** A YAML file whose places can be asked for. */
export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  /** Puts the problem where its path stands in the file; a missing key stands where its nearest parent does. */
  readonly place: (problem: PlainProblem) => Problem;
}

/** Reads one YAML document (YAML 1.2, no duplicate keys). Never throws for bad text. */
export function readSource(text: string, file: string): Reading<SourceDocument> {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const list = Array.isArray(documents) ? documents : [];
  const document = list[0];
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = list.flatMap((each) => [...each.errors, ...each.warnings]);
  if (faults.length > 0) return { ok: false, problems: faults.map((fault) => syntaxProblem(fault, file, at)) };
  if (document === undefined || document.contents === null) {
    return { ok: false, problems: [{ file, line: 1, column: 1, path: "", code: "yaml-syntax", message: "The file is empty." }] };
  }
  const second = list[1];
  if (second !== undefined) {
    const problem: Problem = {
      file,
      ...at(second.range[0]),
      path: "",
      code: "several-documents",
      message: "The file holds more than one YAML document.",
      hint: "Put each in a file of its own.",
    };
    return { ok: false, problems: [problem] };
  }
  return plainValue(document, file, at);
}

/** A key that JavaScript would not treat as data; schemas would drop it without a word. */
function reservedKeys(
  document: Document.Parsed,
  file: string,
  at: (offset: number) => { line: number; column: number },
): readonly Problem[] {
  const found: Problem[] = [];
  visit(document, {
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || pair.key.value !== "__proto__") return;
      found.push({
        file,
        ...at(pair.key.range?.[0] ?? 0),
        path: "",
        code: "unknown-key",
        message: 'The key "__proto__" is reserved.',
        found: "__proto__",
      });
    },
  });
  return found;
}

/** Reads a YAML file against a schema. */
export function readDocument<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
): Reading<{ readonly value: T; readonly source: SourceDocument }> {
  const source = readSource(text, file);
  if (!source.ok) return source;
  const parsed = schema.safeParse(source.value.value);
  if (parsed.success) return { ok: true, value: { value: parsed.data, source: source.value } };
  const problems = problemsOf(schema, source.value.value, parsed.error.issues).map(source.value.place);
  return { ok: false, problems: problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

function plainValue(
  document: Document.Parsed,
  file: string,
  at: (offset: number) => { line: number; column: number },
): Reading<SourceDocument> {
  const reserved = reservedKeys(document, file, at);
  if (reserved.length > 0) return { ok: false, problems: reserved };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
    JSON.stringify(value); // throws when an alias makes the value contain itself
  } catch (error) {
    const message = wordsOf(error);
    return { ok: false, problems: [{ file, line: 1, column: 1, path: "", code: "yaml-syntax", message }] };
  }
  const place = (problem: PlainProblem): Problem => ({
    ...problem,
    file,
    ...at(offsetOf(document.contents, problem)),
    path: formatPath(problem.path),
  });
  return { ok: true, value: { file, value, place } };
}

/** Where a path stands: an unknown key at the key itself, everything else at the value. */
function offsetOf(root: Node | null, problem: PlainProblem): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [index, key] of problem.path.entries()) {
    const last = index === problem.path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return offset;
      const keyOffset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
      const valueOffset = isNode(node) ? (node.range?.[0] ?? keyOffset) : keyOffset;
      offset = (last && problem.code === "unknown-key") || !last || problem.code === "missing-key" ? keyOffset : valueOffset;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else return offset;
  }
  return offset;
}

function syntaxProblem(fault: YAMLError, file: string, at: (offset: number) => { line: number; column: number }): Problem {
  const duplicate = fault.code === "DUPLICATE_KEY";
  return {
    file,
    ...at(fault.pos[0]),
    path: "",
    code: duplicate ? "duplicate-key" : "yaml-syntax",
    message: duplicate ? "This key stands twice in the same mapping." : `This is not YAML: ${fault.message}`,
    ...(duplicate ? { hint: "Remove one of the two." } : {}),
  };
}
