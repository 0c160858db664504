import type { PodFact } from "./pod.ts";

/** A text taken apart: plain stretches, facts, and names of variables with what stands in for absent ones. */
export type Part = string | { readonly fact: PodFact } | { readonly variable: string; readonly fallback?: string };

const facts: ReadonlySet<string> = new Set<PodFact>(["pod.name", "pod.ip", "pod.namespace", "node.name", "node.ip", "discovery.host"]);

/**
 * Takes `${NAME}`, `${NAME:default}` and `${pod.name}` out of a text. `$${` is a plain `${`; a `${` that nothing closes is plain text.
 *
 * @example parseReferences("${HOST:db}:1") // [{ variable: "HOST", fallback: "db" }, ":1"]
 */
export function parseReferences(text: string): readonly Part[] {
  const parts: Part[] = [];
  let plain = "";
  let at = 0;
  for (let open = text.indexOf("${"); open >= 0; open = text.indexOf("${", at)) {
    if (text[open - 1] === "$" && open > at) {
      plain += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    const close = text.indexOf("}", open);
    if (close < 0) break;
    plain += text.slice(at, open);
    if (plain !== "") parts.push(plain);
    plain = "";
    parts.push(referenceOf(text.slice(open + 2, close)));
    at = close + 1;
  }
  plain += text.slice(at);
  if (plain !== "") parts.push(plain);
  return parts;
}

/** Whether the text names this variable. */
export function namesVariable(text: string, name: string): boolean {
  return parseReferences(text).some((part) => typeof part === "object" && "variable" in part && part.variable === name);
}

function referenceOf(inside: string): Part {
  if (facts.has(inside)) return { fact: inside as PodFact };
  const colon = inside.indexOf(":");
  return colon < 0 ? { variable: inside } : { variable: inside.slice(0, colon), fallback: inside.slice(colon + 1) };
}
