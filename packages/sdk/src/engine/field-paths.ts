import { isObject } from "../json/is-object.ts";
import type { FieldChange, FieldWay } from "./field-diff.ts";

/** Fields that hold variables, and with them secrets; a plug-in sees them only where its manifest names them. */
export const secretFields: readonly string[] = ["body.Env", "body.TaskTemplate.ContainerSpec.Env", "config.envs", "container.env"];

/** Fields of a manifest's `see:` or `change:`, made ready for many questions. */
export type FieldPatterns = readonly (readonly string[])[];

const secrets: FieldPatterns = secretFields.map((field) => field.split("."));

/** `["body.Labels.*"]` -> patterns. */
export function fieldPatterns(fields: readonly string[]): FieldPatterns {
  return fields.map((field) => field.split("."));
}

/**
 * Takes one step with a key: what is left of the pattern, or undefined where it does not match.
 * `*` stands for one key. A key with dots in it is matched by as many parts: `Labels.com.example.owner`.
 */
function step(pattern: readonly string[], key: string): readonly string[] | undefined {
  if (pattern[0] === "*" || pattern[0] === key) return pattern.slice(1);
  if (!key.includes(".")) return undefined;
  const parts = key.split(".");
  return parts.every((part, index) => pattern[index] === part) ? pattern.slice(parts.length) : undefined;
}

function stepAll(patterns: FieldPatterns, key: string): FieldPatterns {
  const all: (readonly string[])[] = [];
  for (const pattern of patterns) {
    const left = step(pattern, key);
    if (left !== undefined) all.push(left);
  }
  return all;
}

/** True where some pattern names the place or something that it lies in. */
export function covers(patterns: FieldPatterns, way: FieldWay): boolean {
  let left = patterns;
  for (const key of way) {
    if (left.some((pattern) => pattern.length === 0)) return true;
    left = stepAll(left, key);
  }
  return left.some((pattern) => pattern.length === 0);
}

/**
 * A hook's input as a plug-in gets to see it. What it may not see is left out; what is seen whole is shared with the input.
 * @param see fields of the manifest's `see:`; undefined: everything but {@link secretFields}. Those are seen only where they are named in full: `*` does not name them.
 */
export function visibleInput<Input>(input: Input, see: FieldPatterns | undefined): Input {
  return compileVisible(see)(input) as Input;
}

/** {@link visibleInput}, made ready for many inputs. */
export function compileVisible(see: FieldPatterns | undefined): (input: unknown) => unknown {
  const hidden = secrets.filter((secret) => !(see ?? []).some((pattern) => pattern.join(".") === secret.join(".")));
  return (input) => hidden.reduce<unknown>(without, see === undefined ? input : (pick(input, see) ?? {}));
}

function pick(value: unknown, patterns: FieldPatterns): unknown {
  if (patterns.some((pattern) => pattern.length === 0)) return value;
  if (!isObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => {
      const left = stepAll(patterns, key);
      const picked = left.length === 0 ? undefined : pick(child, left);
      return picked === undefined ? [] : [[key, picked]];
    }),
  );
}

function without(value: unknown, way: FieldWay): unknown {
  const [key, ...rest] = way;
  if (key === undefined || !isObject(value) || !Object.hasOwn(value, key)) return value;
  if (rest.length === 0) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  const child = without(value[key], rest);
  return child === value[key] ? value : Object.fromEntries(Object.entries(value).map(([name, old]) => [name, name === key ? child : old]));
}

/**
 * The places that a plug-in changed without being allowed to, as `body.HostConfig.Privileged`. Empty: all is well.
 * An object that comes or goes is allowed where all that is in it is, and where it merely leads to what may be changed.
 */
export function forbiddenChanges(changes: readonly FieldChange[], change: FieldPatterns): readonly string[] {
  return changes.flatMap(({ way, before, after }) => [...forbidden(way, before, after, change)]);
}

function* forbidden(way: FieldWay, before: unknown, after: unknown, patterns: FieldPatterns): Generator<string> {
  if (covers(patterns, way)) return;
  const leads = way.reduce(stepAll, patterns).length > 0;
  const parts = [before, after].filter((value) => value !== undefined && value !== null);
  if (!leads || !parts.every(isObject)) return yield way.join(".");
  for (const [side, value] of [
    ["before", before],
    ["after", after],
  ] as const) {
    if (!isObject(value)) continue;
    for (const [key, child] of Object.entries(value)) {
      yield* side === "before"
        ? forbidden([...way, key], child, undefined, patterns)
        : forbidden([...way, key], undefined, child, patterns);
    }
  }
}
