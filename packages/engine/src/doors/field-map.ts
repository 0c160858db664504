import type { ContainerCreateRequest } from "@outrigger/sdk";
import { engineErrors } from "../errors.ts";

type Path = readonly string[];
type Tree = Readonly<Record<string, unknown>>;

/** Fields of a create body and where another document has them. The latter's places are `.`-separated, too. */
export type FieldMap = Readonly<Record<string, string>>;

/** What a document says, as a create body. */
export function viewOf(document: object, fields: FieldMap): ContainerCreateRequest {
  let view: Tree = {};
  for (const [field, place] of Object.entries(fields)) {
    const value = valueAt(document as Tree, place.split("."));
    if (value !== undefined) view = withValue(view, field.split("."), value);
  }
  return view as ContainerCreateRequest;
}

/**
 * The document with what changed in its view written back; the very document where nothing did.
 *
 * @throws door-cannot-carry, where a field changed that the document has no place for
 */
export function writeView<Document extends object>(
  document: Document,
  fields: FieldMap,
  before: ContainerCreateRequest,
  after: ContainerCreateRequest,
  by: { readonly plugin: string; readonly door: string },
): Document {
  if (before === after) return document;
  let result = document as Tree;
  let rest = after as Tree;
  let restBefore = before as Tree;
  for (const [field, place] of Object.entries(fields)) {
    const path = field.split(".");
    const value = valueAt(after as Tree, path);
    if (!same(value, valueAt(before as Tree, path))) result = withValue(result, place.split("."), value);
    rest = withValue(rest, path, undefined);
    restBefore = withValue(restBefore, path, undefined);
  }
  const strange = firstDifference(rest, restBefore, []);
  if (strange !== undefined) throw engineErrors["door-cannot-carry"]({ ...by, field: strange.join(".") });
  return result as Document;
}

function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined), tree);
}

function withValue(tree: Tree, [key = "", ...rest]: Path, value: unknown): Tree {
  const next = rest.length === 0 ? value : withValue(isTree(tree[key]) ? tree[key] : {}, rest, value);
  if (next !== undefined && !(rest.length > 0 && isTree(next) && Object.keys(next).length === 0)) return { ...tree, [key]: next };
  const { [key]: _, ...others } = tree;
  return others;
}

function firstDifference(one: unknown, other: unknown, path: Path): Path | undefined {
  if (!isTree(one) || !isTree(other)) return same(one, other) ? undefined : path;
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const found = firstDifference(one[key], other[key], [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Equal in content, whatever the order of keys. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((value, index) => same(value, other[index]));
  if (!isTree(one) || !isTree(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]));
}
