import { type Piece, piecesOf, TemplateStop, type Token } from "./template-tokens.ts";

/** What stands for a value: a variable, a text, or a function with what it is given. */
export type Expression =
  | { readonly kind: "variable"; readonly name: string; readonly offset: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "call"; readonly name: FunctionName; readonly given: readonly Expression[]; readonly offset: number };

export type TemplateNode =
  | { readonly kind: "plain"; readonly text: string }
  | { readonly kind: "value"; readonly value: Expression; readonly offset: number }
  | Block<"if">
  | Block<"range">;

interface Block<Kind> {
  readonly kind: Kind;
  readonly value: Expression;
  readonly body: readonly TemplateNode[];
  /** What stands after `else`. */
  readonly otherwise: readonly TemplateNode[];
}

/** Functions and how many values they take, at least and at most. */
export const templateFunctions = { default: [2, 2], quote: [1, 1], eq: [2, 9], ne: [2, 2], and: [1, 9], or: [1, 9], not: [1, 1] } as const;
export type FunctionName = keyof typeof templateFunctions;

/** @throws TemplateStop */
export function parseTemplate(template: string): readonly TemplateNode[] {
  const pieces = piecesOf(template);
  const { nodes, next } = readNodes(pieces, 0);
  const stray = pieces[next];
  if (stray?.kind === "action") throw new TemplateStop(stray.offset, `\`${wordOf(stray)}\` without an \`if\` or \`range\` before it.`);
  return nodes;
}

interface Run {
  readonly nodes: readonly TemplateNode[];
  /** Of the `else` or `end` that ends it; the number of pieces where nothing does. */
  readonly next: number;
}

function readNodes(pieces: readonly Piece[], from: number): Run {
  const nodes: TemplateNode[] = [];
  let at = from;
  while (at < pieces.length) {
    const piece = pieces[at];
    if (piece === undefined || isWord(piece, "else") || isWord(piece, "end")) break;
    if (piece.kind === "plain") nodes.push({ kind: "plain", text: piece.text });
    else if (isWord(piece, "if") || isWord(piece, "range")) {
      const { node, next } = readBlock(pieces, at, piece.tokens.slice(1), wordOf(piece) === "if" ? "if" : "range");
      nodes.push(node);
      at = next;
    } else nodes.push({ kind: "value", value: readExpression(piece.tokens, piece.offset), offset: piece.offset });
    at += 1;
  }
  return { nodes, next: at };
}

/** @returns the block and where its `end` stands */
function readBlock(
  pieces: readonly Piece[],
  at: number,
  tokens: readonly Token[],
  kind: "if" | "range",
): { readonly node: TemplateNode; readonly next: number } {
  const begin = pieces[at];
  const offset = begin?.kind === "action" ? begin.offset : 0;
  const value = readExpression(tokens, offset);
  const body = readNodes(pieces, at + 1);
  const end = pieces[body.next];
  if (end?.kind !== "action") throw new TemplateStop(offset, `This \`${kind}\` has no \`end\`.`);
  if (isWord(end, "end")) return { node: { kind, value, body: body.nodes, otherwise: [] }, next: ended(end, body.next) };
  const rest = end.tokens.slice(1);
  if (kind === "if" && rest[0]?.value === "if") {
    const { node, next } = readBlock(pieces, body.next, rest.slice(1), "if");
    return { node: { kind, value, body: body.nodes, otherwise: [node] }, next };
  }
  if (rest.length > 0) throw new TemplateStop(end.offset, "`else` stands alone or before `if`.");
  const other = readNodes(pieces, body.next + 1);
  const close = pieces[other.next];
  if (close?.kind !== "action" || !isWord(close, "end")) throw new TemplateStop(offset, `This \`${kind}\` has no \`end\`.`);
  return { node: { kind, value, body: body.nodes, otherwise: other.nodes }, next: ended(close, other.next) };
}

function ended(piece: Extract<Piece, { kind: "action" }>, at: number): number {
  if (piece.tokens.length > 1) throw new TemplateStop(piece.offset, "`end` stands alone.");
  return at;
}

/** `A | f B`: each step gets what the one before gave as its last value. */
function readExpression(tokens: readonly Token[], offset: number): Expression {
  const steps = splitTokens(tokens, offset);
  return steps.reduce<Expression | undefined>((before, step) => readStep(step, offset, before), undefined) as Expression;
}

function splitTokens(tokens: readonly Token[], offset: number): readonly (readonly Token[])[] {
  const steps: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "sign") depth += token.value === "(" ? 1 : token.value === ")" ? -1 : 0;
    if (token.kind === "sign" && token.value === "|" && depth === 0) steps.push([]);
    else steps.at(-1)?.push(token);
  }
  if (steps.some((step) => step.length === 0)) throw new TemplateStop(offset, "Something is missing between these braces.");
  return steps;
}

function readStep(tokens: readonly Token[], offset: number, before: Expression | undefined): Expression {
  const [first] = tokens;
  const piped = before === undefined ? [] : [before];
  if (first?.kind === "word" && first.value !== "true" && first.value !== "false") {
    return call(first, [...operands(tokens.slice(1), offset), ...piped]);
  }
  const [only, ...more] = operands(tokens, offset);
  if (only === undefined || more.length > 0 || piped.length > 0)
    throw new TemplateStop(first?.offset ?? offset, "A value can't be given values.");
  return only;
}

function operands(tokens: readonly Token[], offset: number): readonly Expression[] {
  const found: Expression[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind === "variable") found.push({ kind: "variable", name: token.value, offset: token.offset });
    else if (token.kind === "text") found.push({ kind: "text", text: token.value });
    else if (token.kind === "word" && (token.value === "true" || token.value === "false")) {
      found.push({ kind: "text", text: token.value === "true" ? "true" : "" });
    } else if (token.kind === "word") found.push(call(token, []));
    else {
      const close = token.value === "(" ? closing(tokens, at) : -1;
      if (close < 0) throw new TemplateStop(token.offset, `\`${token.value}\` has no counterpart.`);
      found.push(readExpression(tokens.slice(at + 1, close), offset));
      at = close;
    }
  }
  return found;
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const { kind, value } = tokens[at] ?? {};
    if (kind === "sign") depth += value === "(" ? 1 : value === ")" ? -1 : 0;
    if (depth === 0) return at;
  }
  return -1;
}

function call({ value, offset }: Token, given: readonly Expression[]): Expression {
  const known = Object.keys(templateFunctions).join(", ");
  if (!Object.hasOwn(templateFunctions, value)) throw new TemplateStop(offset, `There is no function \`${value}\`; known are ${known}.`);
  const name = value as FunctionName;
  const [least, most] = templateFunctions[name];
  if (given.length < least || given.length > most) {
    throw new TemplateStop(offset, `\`${name}\` takes ${least === most ? least : `${least} or more`} values, not ${given.length}.`);
  }
  return { kind: "call", name, given, offset };
}

function isWord(piece: Piece, word: string): boolean {
  return piece.kind === "action" && piece.tokens[0]?.kind === "word" && piece.tokens[0].value === word;
}

function wordOf(piece: Extract<Piece, { kind: "action" }>): string {
  return piece.tokens[0]?.value ?? "";
}
