import { hasReference, type PlainProblem } from "@outrigger/plugin";
import type { PodFact, Text, Variable } from "./pod.ts";
import { parseReferences } from "./references.ts";

/** A text after expansion: plain, or with facts that only the running pod knows. */
export type Expanded = Text;

/** The component's own variables, expanded; what every plug-in shares. */
export type SharedVariables = ReadonlyMap<string, Expanded>;

export type Report = (problem: PlainProblem) => void;

/** Expands the component's variables, which may name each other, in any order but not in a circle. */
export function expandShared(env: Readonly<Record<string, string>>, report: Report): SharedVariables {
  const done = new Map<string, Expanded>();
  const expandOne = (name: string, way: readonly string[]): Expanded | undefined => {
    const ready = done.get(name);
    if (ready !== undefined) return ready;
    const text = Object.hasOwn(env, name) ? env[name] : undefined;
    if (text === undefined) return undefined;
    if (way.includes(name)) {
      const circle = [...way.slice(way.indexOf(name)), name].join(" -> ");
      report({ path: ["env", name], code: "cycle", message: `These variables name each other in a circle: ${circle}.` });
      return "";
    }
    const expanded = expand(text, (other) => expandOne(other, [...way, name]), ["env", name], report);
    done.set(name, expanded);
    return expanded;
  };
  for (const name of Object.keys(env)) expandOne(name, []);
  return done;
}

/** Replaces the variables a text names; a name that is unknown and has no default is a problem at `path`. */
export function expand(
  text: string,
  lookUp: (name: string) => Expanded | undefined,
  path: readonly PropertyKey[],
  report: Report,
): Expanded {
  if (!hasReference(text)) return text;
  const parts: (string | { readonly fact: PodFact })[] = [];
  const push = (part: string | { readonly fact: PodFact }): void => {
    const last = parts.at(-1);
    if (typeof part === "string" && typeof last === "string") parts[parts.length - 1] = last + part;
    else if (part !== "") parts.push(part);
  };
  for (const part of parseReferences(text)) {
    if (typeof part === "string" || "fact" in part) {
      push(part);
      continue;
    }
    const value = lookUp(part.variable) ?? part.fallback;
    if (value === undefined) {
      report(unknownVariable(part.variable, path));
      continue;
    }
    for (const piece of typeof value === "string" ? [value] : value) push(piece);
  }
  const only = parts[0];
  if (parts.length === 0) return "";
  return parts.length === 1 && typeof only === "string" ? only : parts;
}

/** A variable from its name and expanded text. */
export function toVariable(name: string, value: Expanded): Variable {
  return typeof value === "string" ? { name, value } : { name, parts: value };
}

/** Plug-in variables over shared ones, sorted by name; `shared` is sorted already. */
export function mergeVariables(shared: readonly Variable[], own: readonly Variable[]): readonly Variable[] {
  if (own.length === 0) return shared;
  const merged: Variable[] = [];
  let at = 0;
  for (const variable of [...own].sort(byName)) {
    for (let next = shared[at]; next !== undefined && next.name <= variable.name; next = shared[at]) {
      if (next.name !== variable.name) merged.push(next);
      at += 1;
    }
    merged.push(variable);
  }
  for (let next = shared[at]; next !== undefined; next = shared[at]) {
    merged.push(next);
    at += 1;
  }
  return merged;
}

/** Orders by code unit, the same on every machine. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function unknownVariable(name: string, path: readonly PropertyKey[]): PlainProblem {
  return {
    path,
    code: "variable-unknown",
    message: `\${${name}} is neither a variable of the component nor a fact of the pod.`,
    found: name,
    hint: `Set ${name} in the component's env, give a default with \${${name}:default}, or write $\${${name}} for the plain text.`,
  };
}
