import { type Document, isMap, parseAllDocuments, parseDocument } from "yaml";
import type { Refusal } from "./config-process.ts";

export interface MergedFile {
  readonly text: string;
  /** Keys of the data that no document of the file has, e.g. `spec.calicoNetwork.mtu`. */
  readonly absent: readonly string[];
}

type Path = readonly string[];

/**
 * Data merged into a YAML file as Sealer merges it: in each document of the file, values of keys that are there are replaced, mappings entered, and nothing
 * is added. Comments and order of the file stay.
 */
export function mergeInto(file: string, data: string, refuse: Refusal): MergedFile {
  const given = parseDocument(data, { logLevel: "error", prettyErrors: false });
  if (given.errors.length > 0 || !isMap(given.contents)) throw refuse("merge needs data that is a mapping in YAML");
  const parsed = parseAllDocuments(file, { logLevel: "error", prettyErrors: false });
  const documents: readonly Document[] = Array.isArray(parsed) ? parsed : [];
  if (documents.some(({ errors }) => errors.length > 0)) throw refuse("merge needs a file in YAML, and this is none");
  const value = given.toJS() as unknown;
  const set = documents.filter(({ contents }) => isMap(contents)).flatMap((document) => setWhereThere(document, [], value));
  const absent = leavesOf(value, []).filter((leaf) => !set.some((path) => path.every((key, index) => leaf[index] === key)));
  const texts = documents.map((document) => document.toString({ lineWidth: 0 }));
  return {
    text: set.length === 0 ? file : texts.reduce((all, text) => `${all}${text.startsWith("---") ? "" : "---\n"}${text}`),
    absent: absent.map((path) => path.join(".")),
  };
}

/** @returns the paths that were there */
function setWhereThere(document: Document, path: Path, value: unknown): readonly Path[] {
  if (path.length > 0 && !document.hasIn(path)) return [];
  if (path.length === 0 || isMap(document.getIn(path, true))) {
    return isMapping(value) ? Object.entries(value).flatMap(([key, each]) => setWhereThere(document, [...path, key], each)) : [];
  }
  document.setIn(path, document.createNode(value));
  return [path];
}

/** The paths of all values that are no mappings. */
function leavesOf(value: unknown, path: Path): readonly Path[] {
  return isMapping(value) ? Object.entries(value).flatMap(([key, each]) => leavesOf(each, [...path, key])) : [path];
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
