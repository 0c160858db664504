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
  /** Where it begins, from 1: its first key, not the `---` or comments before it. */
  readonly line: number;
  /** As it stands in the file, without `---`. */
  readonly text: string;
  readonly value: unknown;
  /** Puts the problem where its path stands in the file; a missing key stands where its nearest parent does. */
  readonly place: (problem: PlainProblem) => Problem;
}

/** Reads one YAML document (YAML 1.2, no duplicate keys). Never throws for bad text. */
export function readSource(text: string, file: string): Reading<SourceDocument> {
  const { list, at, faults } = parse(text, file);
  if (faults.length > 0) return { ok: false, problems: faults };
  const document = list[0];
  if (document === undefined || document.contents === null) return { ok: false, problems: [emptyFile(file)] };
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
  return plainValue(document, textBetween(text, document.range[0], undefined), file, at);
}

/** Reads all YAML documents of a file, as {@link readSource} reads one; empty ones between `---` don't count. */
export function readSources(text: string, file: string): Reading<readonly SourceDocument[]> {
  const { list, at, faults } = parse(text, file);
  if (faults.length > 0) return { ok: false, problems: faults };
  const readings = list.flatMap((document, index) =>
    isEmpty(document) ? [] : [plainValue(document, textBetween(text, document.range[0], list[index + 1]?.range[0]), file, at)],
  );
  const problems = readings.flatMap((reading) => (reading.ok ? [] : reading.problems));
  if (problems.length > 0) return { ok: false, problems };
  const sources = readings.flatMap((reading) => (reading.ok ? [reading.value] : []));
  return sources.length === 0 ? { ok: false, problems: [emptyFile(file)] } : { ok: true, value: sources };
}

/** A document's text, without the marks at its ends. */
function textBetween(text: string, from: number, to: number | undefined): string {
  const [body = ""] = text.slice(from, to).split(/^\.\.\.(?=\s|$)/m);
  return body.replace(/^---[ \t]*(#.*)?(\r?\n|$)/, "");
}

function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null && contents.source === "");
}

type PlaceOf = (offset: number) => { line: number; column: number };

interface Parsed {
  readonly list: readonly Document.Parsed[];
  readonly at: PlaceOf;
  readonly faults: readonly Problem[];
}

function parse(text: string, file: string): Parsed {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, logLevel: "error" });
  const list = Array.isArray(documents) ? documents : [];
  const at: PlaceOf = (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = list.flatMap((document) => {
    const own = [...document.errors, ...document.warnings];
    const melted = own.find((fault) => startsDocument(fault, text));
    return (melted === undefined ? own : own.filter((fault) => fault === melted || fault.code !== "DUPLICATE_KEY")).map((fault) =>
      syntaxProblem(fault, text, file, at),
    );
  });
  return { list, at, faults };
}

/** True for the second `kind:` or `apiVersion:` at the left margin: two documents without `---` between them. */
function startsDocument(fault: YAMLError, text: string): boolean {
  const line = text.slice(text.lastIndexOf("\n", fault.pos[0] - 1) + 1);
  return fault.code === "DUPLICATE_KEY" && /^(kind|apiVersion)\s*:/.test(line);
}

function emptyFile(file: string): Problem {
  return { file, line: 1, column: 1, path: "", code: "yaml-syntax", message: "The file is empty." };
}

/** A key that JavaScript would not treat as data; schemas would drop it without a word. */
function reservedKeys(document: Document.Parsed, file: string, at: PlaceOf): readonly Problem[] {
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

function plainValue(document: Document.Parsed, own: string, file: string, at: PlaceOf): Reading<SourceDocument> {
  const reserved = reservedKeys(document, file, at);
  if (reserved.length > 0) return { ok: false, problems: reserved };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
    JSON.stringify(value); // throws when an alias makes the value contain itself
  } catch (error) {
    const alias = danglingAlias(document);
    const message =
      alias === undefined ? wordsOf(error) : "A word that begins with `*` names what an `&` before it marks, and there is no such mark.";
    const hint = "A text that begins with `*` stands in quotes.";
    const where = at(alias ?? 0);
    return { ok: false, problems: [{ file, ...where, path: "", code: "yaml-syntax", message, ...(alias === undefined ? {} : { hint }) }] };
  }
  const place = (problem: PlainProblem): Problem => ({
    ...problem,
    file,
    ...at(offsetOf(document.contents, problem)),
    path: formatPath(problem.path),
  });
  const line = at(document.contents?.range?.[0] ?? 0).line;
  return { ok: true, value: { file, line, text: own, value, place } };
}

/** Where the first `*NAME` stands whose `&NAME` is nowhere before it. */
function danglingAlias(document: Document.Parsed): number | undefined {
  const found: number[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) found.push(alias.range?.[0] ?? 0);
    },
  });
  return found[0];
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

function syntaxProblem(fault: YAMLError, text: string, file: string, at: PlaceOf): Problem {
  const duplicate = fault.code === "DUPLICATE_KEY";
  if (fault.code === "TAG_RESOLVE_FAILED") return unknownTag(file, at(fault.pos[0]));
  const hint = startsDocument(fault, text) ? "A line `---` is missing between two documents?" : "Remove one of the two.";
  return {
    file,
    ...at(fault.pos[0]),
    path: "",
    code: duplicate ? "duplicate-key" : "yaml-syntax",
    message: duplicate ? "This key stands twice in the same mapping." : `This is not YAML: ${fault.message}`,
    ...(duplicate ? { hint } : {}),
  };
}

/** The tag is not repeated: it may be a password that somebody forgot to quote. */
function unknownTag(file: string, where: { readonly line: number; readonly column: number }): Problem {
  const message = "A word that begins with `!` is a tag of YAML, and this one is not known.";
  return { file, ...where, path: "", code: "yaml-syntax", message, hint: "A text that begins with `!` stands in quotes." };
}
