import { engineErrors } from "../errors.ts";

/** A JSON value. Integers beyond 2^53 are bigints; objects have no prototype, so `__proto__` is a key like others. */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

const depthLimit = 200;
const whitespace = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
/** What a string can hold without a second look. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them
const plain = /[^"\\\u0000-\u001f]*/y;
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const escapes: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * Reads one JSON text (RFC 8259) so that no other reader could read it differently: a key that stands twice in an object, text after the value, invalid UTF-8,
 * lone surrogates, a byte order mark and numbers beyond a double are refused, since engines and plug-ins would disagree about them.
 *
 * @throws request-malformed, with the place
 */
export function readJson(bytes: Buffer): JsonValue {
  const reader = new Reader(decode(bytes));
  reader.space();
  const value = reader.value(0);
  reader.space();
  if (reader.at < reader.text.length) reader.fail("there is text after the JSON value");
  return value;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw engineErrors["request-malformed"]({ reason: "its body is not UTF-8" });
  }
}

class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  fail(what: string): never {
    throw engineErrors["request-malformed"]({ reason: `${what}, at character ${this.at + 1} of its body` });
  }

  space(): void {
    whitespace.lastIndex = this.at;
    whitespace.test(this.text);
    this.at = whitespace.lastIndex;
  }

  value(depth: number): JsonValue {
    if (depth > depthLimit) this.fail(`more than ${depthLimit} values are nested`);
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default:
        return this.number();
    }
  }

  private word<Value>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.at)) this.fail("this is no JSON value");
    this.at += word.length;
    return value;
  }

  private number(): number | bigint {
    number.lastIndex = this.at;
    const match = number.exec(this.text);
    if (match === null) return this.fail(this.at >= this.text.length ? "the JSON ends too early" : "this is no JSON value");
    const [text, fraction, exponent] = match;
    const value = Number(text);
    if (!Number.isFinite(value)) this.fail("a number is too large");
    this.at += text.length;
    return fraction === undefined && exponent === undefined && !Number.isSafeInteger(value) ? BigInt(text) : value;
  }

  private string(): string {
    let result = "";
    this.at += 1;
    for (;;) {
      plain.lastIndex = this.at;
      plain.test(this.text);
      result += this.text.slice(this.at, plain.lastIndex);
      this.at = plain.lastIndex;
      const next = this.text[this.at];
      if (next === '"') break;
      if (next !== "\\") this.fail(next === undefined ? "a string does not end" : "a control character stands in a string");
      result += this.escape();
    }
    this.at += 1;
    if (loneSurrogate.test(result)) this.fail("a string has half of a surrogate pair");
    return result;
  }

  private escape(): string {
    const letter = this.text[this.at + 1] ?? "";
    if (letter === "u") {
      const code = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(code)) this.fail("\\u needs four hexadecimal digits");
      this.at += 6;
      return String.fromCharCode(Number.parseInt(code, 16));
    }
    const character = escapes[letter];
    if (character === undefined) return this.fail("this escape is not JSON's");
    this.at += 2;
    return character;
  }

  private array(depth: number): readonly JsonValue[] {
    const list: JsonValue[] = [];
    this.at += 1;
    this.space();
    if (this.text[this.at] === "]") {
      this.at += 1;
      return list;
    }
    for (;;) {
      this.space();
      list.push(this.value(depth + 1));
      if (this.separator("]")) return list;
    }
  }

  private object(depth: number): JsonObject {
    const object: Record<string, JsonValue> = Object.create(null);
    this.at += 1;
    this.space();
    if (this.text[this.at] === "}") {
      this.at += 1;
      return object;
    }
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.fail("a key is expected");
      const key = this.string();
      if (key in object) this.fail(`the key ${JSON.stringify(key)} stands twice`);
      this.space();
      if (this.text[this.at] !== ":") this.fail("a colon is expected");
      this.at += 1;
      this.space();
      object[key] = this.value(depth + 1);
      if (this.separator("}")) return object;
    }
  }

  /** True at the end of the list or object. */
  private separator(end: string): boolean {
    this.space();
    const next = this.text[this.at];
    if (next !== "," && next !== end) this.fail(next === undefined ? "the JSON ends too early" : `a comma or ${end} is expected`);
    this.at += 1;
    return next === end;
  }
}
