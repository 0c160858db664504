import { keyFault, valueFault } from "./label-names.ts";

type Labels = Readonly<Record<string, string>>;

/** One term of a label selector, as Kubernetes reads it (Labels and Selectors, set-based requirements). */
export interface SelectorTerm {
  readonly key: string;
  readonly operator: "exists" | "absent" | "in" | "notin";
  readonly values: readonly string[];
}

/** `disk=ssd`, `disk!=ssd`, `disk`, `!disk`, `disk in (ssd,nvme)`, `disk notin (ssd)`; terms joined by commas. */
export function parseSelector(text: string): { readonly terms: readonly SelectorTerm[] } | { readonly problem: string } {
  const terms: SelectorTerm[] = [];
  for (const part of splitOutsideBrackets(text)) {
    const term = parseTerm(part.trim());
    if ("problem" in term) return term;
    terms.push(term);
  }
  return { terms };
}

/** The text that {@link parseSelector} reads as these terms. */
export function formatSelector(terms: readonly SelectorTerm[]): string {
  return terms.map(formatTerm).join(",");
}

/** Have these labels all that the terms ask for? */
export function holdsAll(terms: readonly SelectorTerm[], labels: Labels): boolean {
  return terms.every((term) => holds(term, labels));
}

function holds({ key, operator, values }: SelectorTerm, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (operator === "exists") return value !== undefined;
  if (operator === "absent") return value === undefined;
  return (value !== undefined && values.includes(value)) === (operator === "in");
}

function formatTerm({ key, operator, values }: SelectorTerm): string {
  if (operator === "exists") return key;
  if (operator === "absent") return `!${key}`;
  if (values.length === 1) return `${key}${operator === "in" ? "=" : "!="}${values[0]}`;
  return `${key} ${operator} (${values.join(",")})`;
}

function parseTerm(text: string): SelectorTerm | { readonly problem: string } {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    return checked({ key, operator: operator === "in" ? "in" : "notin", values: list.split(",").map((value) => value.trim()) });
  }
  const equal = /^([^=!]+?)\s*(==|=|!=)\s*([^=!]*)$/.exec(text);
  if (equal !== null) {
    const [, key = "", operator, value = ""] = equal;
    return checked({ key, operator: operator === "!=" ? "notin" : "in", values: [value] });
  }
  if (text.startsWith("!")) return checked({ key: text.slice(1).trim(), operator: "absent", values: [] });
  return checked({ key: text, operator: "exists", values: [] });
}

function checked(term: SelectorTerm): SelectorTerm | { readonly problem: string } {
  if (keyFault(term.key) !== undefined) return { problem: `${JSON.stringify(term.key)} is no key of a label.` };
  const wrong = term.values.find((value) => valueFault(value) !== undefined);
  if (wrong !== undefined) return { problem: `${JSON.stringify(wrong)} is no value of a label.` };
  return { ...term, values: [...new Set(term.values)] };
}

/** Split at commas that no brackets enclose. */
function splitOutsideBrackets(text: string): readonly string[] {
  return text.split(/,(?![^(]*\))/);
}
