import { clusterErrors } from "../errors.ts";
import { TemplateStop } from "./template-tokens.ts";
import { type Expression, parseTemplate, type TemplateNode } from "./template-tree.ts";

type Variables = Readonly<Record<string, string>>;

/** Why a text can't be filled in, and where in it. Lines and columns from 1. */
export interface TemplateFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type Rendering = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly fault: TemplateFault };

/**
 * Fills a template in the part of Go's text/template that needs no program: `{{ .NAME }}`, `{{ .NAME | default "x" }}`, `{{ if .NAME }}`, `{{ else if }}`,
 * `{{ else }}`, `{{ range .NAME }}` (words of a list), `{{ end }}`, the functions default, quote, eq, ne, and, or, not, comments, `{{-` and `-}}`. A variable
 * that is not set is a fault where it is written out, and empty in conditions. Anything else is a fault.
 */
export function renderTemplate(template: string, variables: Variables): Rendering {
  return guarded(template, () => renderNodes(parseTemplate(template), { variables, here: undefined }));
}

/** What is wrong with a template whatever the variables are. */
export function templateFault(template: string): TemplateFault | undefined {
  const checked = guarded(template, () => String(parseTemplate(template).length));
  return checked.ok ? undefined : checked.fault;
}

/** All text of a plug-in's data filled in. @throws template-invalid, which names the plug-in */
export function renderData(data: unknown, variables: Variables, name: string): unknown {
  return mapTexts(data, (text) => {
    const rendering = renderTemplate(text, variables);
    if (rendering.ok) return rendering.text;
    const { line, column, message } = rendering.fault;
    throw clusterErrors["template-invalid"]({ place: `the data of ${name}, line ${line}, column ${column}`, reason: message });
  });
}

/** The same tree with every text changed; keys stay. */
export function mapTexts(data: unknown, change: (text: string) => string): unknown {
  if (typeof data === "string") return change(data);
  if (Array.isArray(data)) return data.map((each) => mapTexts(each, change));
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, each]) => [key, mapTexts(each, change)]));
}

function guarded(template: string, work: () => string): Rendering {
  try {
    return { ok: true, text: work() };
  } catch (error) {
    if (!(error instanceof TemplateStop)) throw error;
    const before = template.slice(0, error.offset).split("\n");
    return { ok: false, fault: { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message: error.message } };
  }
}

interface Scene {
  readonly variables: Variables;
  /** The word that `range` is at. */
  readonly here: string | undefined;
}

function renderNodes(nodes: readonly TemplateNode[], scene: Scene): string {
  return nodes.map((node) => renderNode(node, scene)).join("");
}

function renderNode(node: TemplateNode, scene: Scene): string {
  if (node.kind === "plain") return node.text;
  if (node.kind === "if") return renderNodes(isTrue(evaluate(node.value, scene)) ? node.body : node.otherwise, scene);
  if (node.kind === "range") {
    const words = (evaluate(node.value, scene) ?? "").split(/\s+/).filter((word) => word !== "");
    return words.length === 0
      ? renderNodes(node.otherwise, scene)
      : words.map((here) => renderNodes(node.body, { ...scene, here })).join("");
  }
  const value = evaluate(node.value, scene);
  if (value !== undefined) return value;
  const unset = firstUnset(node.value, scene);
  throw new TemplateStop(node.offset, `${unset} is not set. Give it in \`env\`, or write {{ .${unset} | default "" }}.`);
}

/** Undefined: a variable that is not set. */
function evaluate(expression: Expression, scene: Scene): string | undefined {
  if (expression.kind === "text") return expression.text;
  if (expression.kind === "variable") return lookUp(expression, scene);
  const given = expression.given.map((each) => evaluate(each, scene));
  const [first, second] = given;
  switch (expression.name) {
    case "default":
      return isTrue(second) ? second : first;
    case "quote":
      return first === undefined ? undefined : JSON.stringify(first);
    case "eq":
      return truth(given.slice(1).some((each) => (each ?? "") === (first ?? "")));
    case "ne":
      return truth((first ?? "") !== (second ?? ""));
    case "and":
      return given.find((each) => !isTrue(each)) ?? (given.every(isTrue) ? given.at(-1) : "");
    case "or":
      return given.find(isTrue) ?? given.at(-1);
    case "not":
      return truth(!isTrue(first));
  }
}

function lookUp({ name, offset }: Extract<Expression, { kind: "variable" }>, { variables, here }: Scene): string | undefined {
  if (name === "" || (name === "$" && here === undefined)) {
    if (here === undefined) throw new TemplateStop(offset, "`.` has a meaning inside `range` only; a variable is written .NAME.");
    return here;
  }
  if (here !== undefined && !name.startsWith("$")) throw new TemplateStop(offset, `Inside \`range\` a variable is written $.${name}.`);
  const key = name.replace(/^\$/, "");
  return Object.hasOwn(variables, key) ? variables[key] : undefined;
}

function firstUnset(expression: Expression, scene: Scene): string {
  if (expression.kind === "variable") return expression.name.replace(/^\$/, "");
  const inner = expression.kind === "call" ? expression.given.find((each) => evaluate(each, scene) === undefined) : undefined;
  return inner === undefined ? "" : firstUnset(inner, scene);
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

/** Go prints true and false; here a condition is a text that is empty or not. */
function truth(value: boolean): string {
  return value ? "true" : "";
}
