import { isObject } from "../json/is-object.ts";

/** A way into a JSON value: keys of objects. Lists are values of their own and not gone into. */
export type FieldWay = readonly string[];

/** One place at which two JSON values differ; operations as in RFC 6902. `before` is absent for `add`, `after` for `remove`. */
export interface FieldChange {
  readonly op: "add" | "remove" | "replace";
  readonly way: FieldWay;
  readonly before?: unknown;
  readonly after?: unknown;
}

/**
 * What has to be done to the first value to get the second. Objects are gone into, lists are replaced as a whole.
 * Parts that are one object in both are not looked at. Keys that hold `undefined` count as absent.
 */
export function diffFields(before: unknown, after: unknown): readonly FieldChange[] {
  if (before === after) return [];
  const changes: FieldChange[] = [];
  collect(before, after, [], changes);
  return changes;
}

function collect(before: unknown, after: unknown, way: FieldWay, changes: FieldChange[]): void {
  if (before === after) return;
  if (!isObject(before) || !isObject(after)) {
    if (!sameValue(before, after)) changes.push({ op: "replace", way, before, after });
    return;
  }
  for (const key in before) {
    const old = before[key];
    // What is shared is passed over before anything is asked: most of an input is.
    if (old === after[key] || old === undefined) continue;
    const now = Object.hasOwn(after, key) ? after[key] : undefined;
    if (now === undefined) changes.push({ op: "remove", way: [...way, key], before: old });
    else collect(old, now, [...way, key], changes);
  }
  for (const key in after) {
    if (after[key] === undefined || (before[key] !== undefined && Object.hasOwn(before, key))) continue;
    changes.push({ op: "add", way: [...way, key], after: after[key] });
  }
}

/** True for two JSON values that are the same; the order of keys does not matter, and an integer may be a number or a bigint. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one === "bigint" || typeof other === "bigint") return isNumeric(one) && isNumeric(other) && String(one) === String(other);
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => sameValue(value, other[index]));
  }
  return isObject(one) && isObject(other) && diffFields(one, other).length === 0;
}

/** Carries out changes on a value without touching it: what does not change is shared. Objects that are missing on the way are made. */
export function applyChanges(value: unknown, changes: readonly FieldChange[]): unknown {
  return changes.reduce((result, change) => applyChange(result, change.way, change), value);
}

function applyChange(value: unknown, way: FieldWay, change: FieldChange): unknown {
  const [key, ...rest] = way;
  if (key === undefined) return change.after;
  const object: Readonly<Record<string, unknown>> = isObject(value) ? value : {};
  const others = Object.entries(object).filter(([name]) => name !== key);
  if (rest.length === 0 && change.op === "remove") return Object.fromEntries(others);
  const child = applyChange(Object.hasOwn(object, key) ? object[key] : undefined, rest, change);
  return Object.fromEntries([...others, [key, child]]); // no plain assignment: a key may be called __proto__
}

/** True for a JSON object, not for a list or null. */
function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
