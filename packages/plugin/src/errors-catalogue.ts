import type { Problem } from "./problem.ts";

/** One entry of an error catalogue. `{name}` in a text is filled from the details given when the error is raised. */
export interface ErrorDefinition {
  /** HTTP status that the API answers with, and through it the CLI's exit code (4xx: 2, else 1). */
  readonly status: number;
  /** What happened. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly mend: string;
}

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholders<Rest> : never;

/** The details that an entry's texts ask for. */
export type ErrorDetails<D extends ErrorDefinition> = Readonly<Record<Placeholders<D["message"] | D["mend"]>, string | number>>;

export interface ErrorContext {
  readonly cause?: unknown;
  /** The single mistakes behind this error, when they can be told apart. */
  readonly problems?: readonly Problem[];
}

const brand = "outrigger.error";

/** An error with a stable code, a message, and a mend. Made only through a catalogue (see {@link defineErrors}). */
export class OutriggerError extends Error {
  readonly brand: string = brand;
  readonly code: string;
  readonly status: number;
  readonly hint: string;
  readonly problems: readonly Problem[];

  constructor(code: string, status: number, message: string, hint: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = "OutriggerError";
    this.code = code;
    this.status = status;
    this.hint = hint;
    this.problems = context.problems ?? [];
  }
}

/** True for every OutriggerError, also one made by another copy of this package. */
export function isOutriggerError(value: unknown): value is OutriggerError {
  return typeof value === "object" && value !== null && "brand" in value && value.brand === brand;
}

/** What was thrown, in its own words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes the error of one entry; carries the entry, from which docs/errors.md is generated. */
export interface ErrorMaker<D extends ErrorDefinition> {
  (details: ErrorDetails<D>, context?: ErrorContext): OutriggerError;
  readonly definition: ErrorDefinition;
}

export type ErrorCatalogue<Table extends Readonly<Record<string, ErrorDefinition>>> = {
  readonly [Code in keyof Table]: ErrorMaker<Table[Code]>;
};

/**
 * Turns a table of error definitions into makers of errors.
 *
 * @example
 * const table = { "team-unknown": { status: 404, message: "There is no team {team}.", mend: "Run `outrigger get teams`." } } as const;
 * export const errors: ErrorCatalogue<typeof table> = defineErrors(table);
 * throw errors["team-unknown"]({ team: "blue" });
 */
export function defineErrors<const Table extends Readonly<Record<string, ErrorDefinition>>>(table: Table): ErrorCatalogue<Table> {
  const makers = Object.entries(table).map(([code, definition]) => {
    const make = (details: Readonly<Record<string, string | number>>, context?: ErrorContext): OutriggerError =>
      new OutriggerError(code, definition.status, fill(definition.message, details), fill(definition.mend, details), context);
    return [code, Object.assign(make, { definition })];
  });
  return Object.fromEntries(makers) as ErrorCatalogue<Table>;
}

function fill(text: string, details: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole));
}
