import { formatProblem, isOutriggerError } from "@outrigger/plugin";
import { paint } from "./paint.ts";

/** Statuses of the 4xx kind that say nothing about what was typed. */
const notYourInput: readonly number[] = [401, 403, 408, 429];

/** Prints an error with its problems and hint, without a stack trace unless OUTRIGGER_DEBUG is set; gives the exit code. */
export function reportError(error: unknown): number {
  const write = (text: string): void => void process.stderr.write(`${text}\n`);
  const label = paint("red", "error:", process.stderr);
  if (isOutriggerError(error)) {
    write(`${label} ${error.message.trimEnd()}`);
    for (const problem of error.problems) write(`  ${formatProblem(problem).replaceAll("\n", "\n  ")}`);
    if (error.hint !== "") write(`${paint("cyan", "hint:", process.stderr)} ${error.hint}`);
  } else write(`${label} ${error instanceof Error ? error.message : String(error)}`);
  if (process.env["OUTRIGGER_DEBUG"]) write(traceOf(error));
  else if (!isOutriggerError(error)) write("This is not expected; OUTRIGGER_DEBUG=1 shows where it happened.");
  return exitCodeOf(error);
}

/** 2 when the input is wrong (4xx), else 1. 401 and 403 (who you are), 408 and 429 (when you ask) are 1: other input would not help. */
export function exitCodeOf(error: unknown): 1 | 2 {
  if (!isOutriggerError(error)) return 1;
  return error.status >= 400 && error.status < 500 && !notYourInput.includes(error.status) ? 2 : 1;
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const cause = error.cause === undefined ? "" : `\ncaused by ${traceOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
