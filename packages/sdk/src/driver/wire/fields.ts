import { driverSdkErrors } from "../errors.ts";

/** The arguments of one call, read as Go reads JSON: keys in any case, null and absent alike. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** A text that has to be there. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw this.#wrong(name, this.#find(name), "a text");
    return value;
  }

  /** Engines write the empty text where there is nothing. */
  optionalText(name: string): string | undefined {
    const value = this.#find(name);
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") throw this.#wrong(name, value, "a text");
    return value;
  }

  flag(name: string): boolean {
    const value = this.#find(name) ?? false;
    if (typeof value !== "boolean") throw this.#wrong(name, value, "true or false");
    return value;
  }

  number(name: string): number {
    const value = this.#find(name) ?? 0;
    if (typeof value !== "number") throw this.#wrong(name, value, "a number");
    return value;
  }

  /** RFC 3339; Go's zero time is none. */
  time(name: string): Date | undefined {
    const text = this.optionalText(name);
    if (text === undefined || text.startsWith("0001-01-01T00:00:00")) return undefined;
    const time = new Date(text);
    if (Number.isNaN(time.getTime())) throw this.#wrong(name, text, "a time");
    return time;
  }

  object(name: string): Readonly<Record<string, unknown>> {
    const value = this.#find(name) ?? {};
    if (!isObject(value)) throw this.#wrong(name, value, "an object");
    return value;
  }

  /** An object of texts. */
  texts(name: string): Readonly<Record<string, string>> {
    const object = this.object(name);
    for (const key of Object.keys(object)) {
      if (typeof object[key] !== "string") throw this.#wrong(`${name}.${key}`, object[key], "a text");
    }
    return object as Readonly<Record<string, string>>;
  }

  list(name: string): readonly unknown[] {
    const value = this.#find(name) ?? [];
    if (!Array.isArray(value)) throw this.#wrong(name, value, "a list");
    return value;
  }

  textList(name: string): readonly string[] {
    const list = this.list(name);
    const other = list.find((each) => typeof each !== "string");
    if (other !== undefined) throw this.#wrong(name, other, "a list of texts");
    return list as readonly string[];
  }

  /** The fields of an object that is a field. */
  inner(name: string): Fields {
    return new Fields(this.object(name));
  }

  /** The fields of each object of a list. */
  innerList(name: string): readonly Fields[] {
    return this.list(name).map((each) => {
      if (!isObject(each)) throw this.#wrong(name, each, "a list of objects");
      return new Fields(each);
    });
  }

  #find(name: string): unknown {
    const value = this.#values[name];
    if (value !== undefined) return value;
    const folded = name.toLowerCase();
    const key = Object.keys(this.#values).find((each) => each.toLowerCase() === folded);
    return key === undefined ? undefined : this.#values[key];
  }

  #wrong(field: string, value: unknown, expected: string): Error {
    return driverSdkErrors["call-body-invalid"]({ field, found: named(value), expected });
  }
}

/** Which kind of value it is, in words; never the value itself, which may be a secret. */
export function named(value: unknown): string {
  if (value === undefined || value === null) return "missing";
  if (value === "") return "empty";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The arguments in a body. @throws `call-body-missing`, `call-body-invalid` */
export function readFields(body: Buffer): Fields {
  const text = body.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (text.trim() === "") throw driverSdkErrors["call-body-missing"]({});
    throw driverSdkErrors["call-body-invalid"]({ field: "the body", found: "no JSON", expected: "an object" });
  }
  if (!isObject(value)) throw driverSdkErrors["call-body-invalid"]({ field: "the body", found: named(value), expected: "an object" });
  return new Fields(value);
}
