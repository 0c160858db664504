import type { PlainProblem, Problem } from "@outrigger/plugin";

/** `error`: an engine refuses it or it can't work. `warning`: it works, but not as it reads. */
export type Severity = "error" | "warning";

/** What the linter found, with its place. */
export interface Finding extends Problem {
  readonly severity: Severity;
}

/** A finding before it is placed; its path is in Docker's spelling. */
export interface PlainFinding extends PlainProblem {
  readonly severity: Severity;
}

type Words = Pick<PlainProblem, "found" | "expected" | "hint">;

export function failure(path: readonly PropertyKey[], code: PlainProblem["code"], message: string, words: Words = {}): PlainFinding {
  return { severity: "error", path, code, message, ...words };
}

export function warning(path: readonly PropertyKey[], code: PlainProblem["code"], message: string, words: Words = {}): PlainFinding {
  return { severity: "warning", path, code, message, ...words };
}
