import type { CallContext, MaybePromise } from "../interfaces/call-context.ts";
import type { Fields } from "./fields.ts";

/** What a method answers with: an object becomes JSON, without the fields that are undefined; a stream goes as it comes. */
export type WireAnswer = Readonly<Record<string, unknown>> | AsyncIterable<Uint8Array>;

export interface Method {
  /** Milliseconds; absent: as for all. */
  readonly limit?: number;
  /** Absent: the method needs no arguments, and its body is not read. */
  readonly withFields?: (fields: Fields, context: CallContext) => MaybePromise<WireAnswer>;
  readonly plain?: (context: CallContext) => MaybePromise<WireAnswer>;
  /** Lasts as long as its caller wants: it has no deadline. */
  readonly endless?: boolean;
}

/** One interface as it is served: methods by their names without the interface's. */
export interface ServedInterface {
  /** As Plugin.Activate names it. */
  readonly name: string;
  /** Begins its methods' names where that is not `name`. */
  readonly prefix?: string;
  /** The answer that tells an error. */
  readonly refuse: (message: string) => Readonly<Record<string, unknown>>;
  readonly methods: Readonly<Record<string, Method>>;
  readonly close?: () => MaybePromise<void>;
}

/** How all interfaces but two tell an error. */
export const errAnswer: ServedInterface["refuse"] = (message) => ({ Err: message });

/** Leaves fields away that have no value, for drivers to see them absent. */
export function present(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
