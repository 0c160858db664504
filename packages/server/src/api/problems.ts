import { countProblems, isOutriggerError, type OutriggerError, problemsOf, withoutPosition } from "@outrigger/plugin";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type * as z from "zod";
import { serverErrors } from "../errors.ts";
import type { ProblemDocument } from "./resources.ts";

/** The answer for an error, as RFC 9457 has it. */
export function problemDocument(error: OutriggerError): ProblemDocument {
  const { code, status, message, hint, problems } = error;
  return {
    type: `https://outrigger.dev/problems/${code}`,
    title: code.replaceAll("-", " "),
    status,
    code,
    detail: message,
    hint,
    ...(problems.length === 0 ? {} : { problems }),
  };
}

/** Answers with a problem document. What was not foreseen is logged, and the answer tells only where to look. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toOutriggerError(error, request);
  if (known.status >= 500) request.log.error({ err: error }, known.message);
  if (known.status === 401) reply.header("www-authenticate", "Bearer");
  void reply.code(known.status).type("application/problem+json").send(problemDocument(known));
}

/** The error with a code: itself, what Fastify refused, or `internal`. */
export function toOutriggerError(error: unknown, request: FastifyRequest): OutriggerError {
  if (isOutriggerError(error)) return error;
  if (!isFastifyError(error)) return serverErrors.internal({ request: request.id }, { cause: error });
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return serverErrors["body-too-large"]({ limit: request.routeOptions.bodyLimit }, { cause: error });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return serverErrors["media-type"]({ found: request.headers["content-type"] ?? "unknown" }, { cause: error });
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? serverErrors["request-malformed"]({ reason: error.message }, { cause: error })
        : serverErrors.internal({ request: request.id }, { cause: error });
  }
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && "code" in error && "statusCode" in error;
}

const parts: Readonly<Record<string, string>> = { body: "body", params: "path", querystring: "query", headers: "header" };

/** Checks one part of a request against its schema; every mistake is told at once (request-invalid). */
export function parsePart<T>(
  schema: z.ZodType<T>,
  value: unknown,
  part: string,
): { readonly value: T } | { readonly error: OutriggerError } {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const problems = problemsOf(schema, value, parsed.error.issues).map((problem) => withoutPosition(problem));
  return { error: serverErrors["request-invalid"]({ part: parts[part] ?? part, count: countProblems(problems.length) }, { problems }) };
}
