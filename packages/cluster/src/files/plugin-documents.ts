import { asRecord, type PlainProblem, type Problem, type Reading, readSources, type SourceDocument } from "@outrigger/plugin";
import type { Origin, OriginFile } from "../model/origin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { byPlace, checkFields, kindOf } from "./document-fields.ts";
import { manifestDocument } from "./manifest-document.ts";
import { rememberSources } from "./places.ts";
import { givenOf } from "./plugin-given.ts";
import { builtInTypes, pluginField } from "./plugin-schema.ts";
import { trapsOf } from "./plugin-traps.ts";

export interface PluginDocuments {
  readonly documents: readonly PluginDocument[];
  readonly warnings: readonly Problem[];
}

/** Reads a YAML file of Plugin documents in Sealer's dialects or ours, or a plugin.yaml of the layer `cluster`. Never throws for bad text. */
export function readPluginDocuments(text: string, file: string, origin: OriginFile): Reading<PluginDocuments> {
  const sources = readSources(text, file);
  if (!sources.ok) return sources;
  const kinds = sources.value.flatMap((source) => {
    const kind = kindOf(source, ["Plugin"]);
    return "problem" in kind ? [kind.problem] : [];
  });
  const plugins = sources.value.filter((source) => asRecord(source.value)["kind"] === "Plugin");
  const { documents, warnings, problems } = readPluginSources(plugins, origin);
  const all = byPlace([...kinds, ...problems]);
  return all.length > 0 ? { ok: false, problems: all } : { ok: true, value: { documents, warnings } };
}

/** The Plugin documents of one file, of which others may be of other kinds. */
export function readPluginSources(
  sources: readonly SourceDocument[],
  origin: OriginFile,
): PluginDocuments & { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const documents: PluginDocument[] = [];
  const lines = new Map<string, number>();
  for (const source of sources) {
    const read = readPlugin(source, { ...origin, line: source.line }, (name) => lines.has(name));
    problems.push(...read.problems);
    warnings.push(...read.warnings);
    const { document } = read;
    if (document === undefined) continue;
    const earlier = lines.get(document.name);
    if (earlier === undefined) {
      lines.set(document.name, source.line);
      rememberSources(document, [source]);
      documents.push(document);
    } else problems.push(source.place(takenName(document.name, earlier)));
  }
  return { documents, warnings, problems };
}

interface ReadPlugin {
  readonly document?: PluginDocument;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

function readPlugin(source: SourceDocument, origin: Origin, taken: (name: string) => boolean): ReadPlugin {
  const spec = asRecord(asRecord(source.value)["spec"]);
  if ("layer" in spec) {
    const read = manifestDocument(source, origin);
    return { problems: [], warnings: [], ...read };
  }
  const fields = checkFields(source, pluginField);
  const booleanOn = "true" in spec && !("on" in spec);
  if ("problems" in fields) return { problems: fields.problems.map((problem) => (booleanOn ? explainOn(problem) : problem)), warnings: [] };
  const problems: Problem[] = [];
  const say = (problem: PlainProblem): void => void problems.push(source.place(problem));
  const written = fields.value;
  const name = written.metadata.name.trim();
  const byName = written.spec.type === undefined && builtInTypes.includes(name);
  const { type: _, ...rest } = written.spec;
  const given = givenOf(byName ? { ...rest, type: name } : written.spec, origin, say);
  if (!namePattern.test(name)) say(badName(name));
  const document = { name: byName ? freeName(name, taken) : name, given, origin };
  return { document, problems, warnings: problems.length > 0 ? [] : trapsOf(written, given).map(source.place) };
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Before Sealer 0.5.1 the name was the type, and several documents had the same. */
function freeName(name: string, taken: (name: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!taken(candidate)) return candidate;
  }
}

function badName(name: string): PlainProblem {
  return {
    path: ["metadata", "name"],
    code: "wrong-value",
    message: `${JSON.stringify(name)} is no name: it has letters, digits, dots, dashes and underscores, begins with a letter or digit, and has at most 128 characters.`,
    found: name,
  };
}

function takenName(name: string, line: number): PlainProblem {
  return {
    path: ["metadata", "name"],
    code: "duplicate-name",
    message: `The plug-in ${JSON.stringify(name)} stands twice (first in line ${line}).`,
    found: name,
    hint: "Give each a name of its own.",
  };
}

function explainOn(problem: Problem): Problem {
  if (problem.path !== "spec.true") return problem;
  const { hint: _, ...rest } = problem;
  return { ...rest, message: "The key `true` is what YAML 1.1 makes of `on`.", hint: "Quote it: 'on'." };
}
