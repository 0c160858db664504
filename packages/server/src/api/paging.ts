import * as z from "zod";
import type { Page } from "./resources.ts";

/** `?limit=` and `?after=`. */
export interface PageQuery {
  readonly limit: number;
  readonly after?: string | undefined;
}

const limit = z.coerce.number().int().min(1).max(500).default(100).describe("How many at most.");

export const pageQuery: z.ZodType<PageQuery> = z.strictObject({
  limit,
  after: z.string().max(300).optional().describe("`next` of the page before."),
});

/** Like {@link pageQuery}, where pages are told apart by a number. */
export const numberedPageQuery: z.ZodType<PageQuery> = z.strictObject({
  limit,
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .describe("`next` of the page before."),
});

/** Cuts the one row too many, which tells that there is another page. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
): { readonly rows: readonly Row[]; readonly next?: string } {
  const last = rows[limit - 1];
  return rows.length <= limit || last === undefined ? { rows } : { rows: rows.slice(0, limit), next: keyOf(last) };
}

/** A page of resources. */
export function toPage<Row, T>({ next }: { readonly rows: readonly Row[]; readonly next?: string }, items: readonly T[]): Page<T> {
  return { items, ...(next === undefined ? {} : { next }) };
}
