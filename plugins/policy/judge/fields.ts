import type { Violation } from "./violation.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** Thrown for a field of another type than the engine's: what one reader takes for nothing, another may take for something. */
export class MalformedField extends Error {
  readonly violation: Violation;

  constructor(field: string, expected: string) {
    super(field);
    this.violation = { rule: "field-type", message: `${field} is not ${expected}.`, hint: "Send the type that the engine's API asks for." };
  }
}

/** @throws MalformedField */
function typed<T>(object: Fields, key: string, expected: string, is: (value: unknown) => value is T): T | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!is(value)) throw new MalformedField(key, expected);
  return value;
}

/** "" where absent. */
export function textOf(object: Fields, key: string): string {
  return typed(object, key, "a text", isText) ?? "";
}

export function flagOf(object: Fields, key: string): boolean {
  return typed(object, key, "true or false", (value) => typeof value === "boolean") ?? false;
}

/** A whole number; undefined where absent. Exact up to 2^53, and larger ones stay larger. */
export function numberOf(object: Fields, key: string): number | undefined {
  const value = typed(object, key, "a whole number", isInteger);
  return value === undefined ? undefined : Number(value);
}

/** Empty where absent. */
export function fieldsOf(object: Fields, key: string): Fields {
  return typed(object, key, "an object", isFields) ?? {};
}

export function textsOf(object: Fields, key: string): readonly string[] {
  return typed(object, key, "a list of texts", isTexts) ?? [];
}

export function listOf(object: Fields, key: string): readonly Fields[] {
  return typed(object, key, "a list of objects", isList) ?? [];
}

/** An object of texts. */
export function mapOf(object: Fields, key: string): Readonly<Record<string, string>> {
  return typed(object, key, "an object of texts", isMap) ?? {};
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isList(value: unknown): value is readonly Fields[] {
  return Array.isArray(value) && value.every(isFields);
}

function isMap(value: unknown): value is Readonly<Record<string, string>> {
  return isFields(value) && Object.values(value).every(isText);
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isInteger(value);
}
