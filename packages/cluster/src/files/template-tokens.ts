/** Thrown while a template is read or filled; never leaves these modules. */
export class TemplateStop extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

export interface Token {
  readonly kind: "variable" | "text" | "word" | "sign";
  /** A variable's name (`""` for `.`, a leading `$` for `$.NAME`), a text's value, a word, or one of `|()`. */
  readonly value: string;
  readonly offset: number;
}

/** Plain text, or what stands between `{{` and `}}`. */
export type Piece =
  | { readonly kind: "plain"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[]; readonly offset: number };

const tokenPattern =
  /(?<space>\s+)|(?<variable>\$?\.(?:[A-Za-z_]\w*)?)|(?<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<word>[A-Za-z_]\w*|-?\d+)|(?<sign>[|()])/y;

/** Splits a template; `{{-` and `-}}` take the white space beside them away, `{{/* ... *\/}}` is a comment. */
export function piecesOf(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trim = false;
  for (;;) {
    const open = template.indexOf("{{", at);
    const plain = template.slice(at, open < 0 ? undefined : open);
    const begun = trim ? plain.trimStart() : plain;
    const cut = open >= 0 && /^\{\{-\s/.test(template.slice(open, open + 4));
    pieces.push({ kind: "plain", text: cut ? begun.trimEnd() : begun });
    if (open < 0) return pieces;
    const { piece, end, trimAfter } = readAction(template, open, open + (cut ? 3 : 2));
    if (piece !== undefined) pieces.push(piece);
    at = end;
    trim = trimAfter;
  }
}

function readAction(
  template: string,
  open: number,
  from: number,
): { readonly piece?: Piece; readonly end: number; readonly trimAfter: boolean } {
  const comment = /\s*\/\*[\s\S]*?\*\/(\s+-)?\s*\}\}/y;
  comment.lastIndex = from;
  const commented = comment.exec(template);
  if (commented !== null) return { end: comment.lastIndex, trimAfter: commented[1] !== undefined };
  const tokens: Token[] = [];
  for (let at = from; ; ) {
    const close = /(\s-)?\}\}/y;
    close.lastIndex = at;
    const closed = close.exec(template);
    if (closed !== null) {
      return { piece: { kind: "action", tokens, offset: open }, end: close.lastIndex, trimAfter: closed[1] !== undefined };
    }
    tokenPattern.lastIndex = at;
    const found = tokenPattern.exec(template);
    if (found === null) throw new TemplateStop(at < template.length ? at : open, unreadable(template, at));
    const [whole] = found;
    const { space, variable, text, word, sign } = found.groups ?? {};
    if (space === undefined) tokens.push({ ...tokenOf(variable, text, word, sign, at), offset: at });
    at += whole.length;
  }
}

function tokenOf(
  variable: string | undefined,
  text: string | undefined,
  word: string | undefined,
  sign: string | undefined,
  offset: number,
): Omit<Token, "offset"> {
  if (variable !== undefined) return { kind: "variable", value: variable.startsWith("$") ? `$${variable.slice(2)}` : variable.slice(1) };
  if (text !== undefined) return { kind: "text", value: textOf(text, offset) };
  if (word !== undefined) return /^[-\d]/.test(word) ? { kind: "text", value: word } : { kind: "word", value: word };
  return { kind: "sign", value: sign ?? "" };
}

function textOf(quoted: string, offset: number): string {
  if (quoted.startsWith("`")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new TemplateStop(offset, `${quoted} is no text in quotes.`);
  }
}

function unreadable(template: string, at: number): string {
  if (at >= template.length) return "This `{{` has no `}}`.";
  return `${JSON.stringify(template.slice(at, at + 12))} is not understood here.`;
}
