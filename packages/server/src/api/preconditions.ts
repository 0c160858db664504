import * as z from "zod";
import type { Precondition } from "../applications/apply.ts";
import { serverErrors } from "../errors.ts";

/** Headers of a conditional write. */
export interface ConditionalHeaders {
  readonly "if-match"?: string | undefined;
  readonly "if-none-match"?: "*" | undefined;
}

export const conditionalHeaders: z.ZodType<ConditionalHeaders> = z.looseObject({
  "if-match": z.string().optional().describe("The ETag that was read; the write is refused where it is another one now."),
  "if-none-match": z.literal("*").optional().describe("Create only."),
});

/** The condition that a request's headers set. @throws changed-meanwhile, exists-already (by the condition) */
export function preconditionOf(headers: ConditionalHeaders, what: string): Precondition {
  const wanted = headers["if-match"];
  return (current) => {
    if (headers["if-none-match"] === "*" && current !== undefined) throw serverErrors["exists-already"]({ what });
    if (wanted === undefined || (wanted === "*" && current !== undefined)) return;
    const tags = wanted.split(",").map((tag) => tag.trim().replace(/^"(.*)"$/, "$1"));
    if (current === undefined || !tags.includes(current.etag)) {
      throw serverErrors["changed-meanwhile"]({ what, found: current?.etag ?? "none" });
    }
  };
}
