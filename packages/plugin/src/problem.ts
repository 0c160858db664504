/** One mistake in a user's file or request, with everything needed to find and mend it. */
export interface Problem {
  /** The file as the user named it; `""` for a request body. */
  readonly file: string;
  /** 1-based; 0 when the input has no lines. */
  readonly line: number;
  /** 1-based; 0 when the input has no columns. */
  readonly column: number;
  /** The field, e.g. `spec.config[0].items[1].type`. */
  readonly path: string;
  /** Stable, e.g. `unknown-key`. All codes: {@link problemCodes}. */
  readonly code: ProblemCode;
  /** One sentence: what was found and what was expected. */
  readonly message: string;
  readonly found?: string;
  readonly expected?: string;
  /** How to mend it. */
  readonly hint?: string;
}

/** A problem before it is known where in which file it stands. `path` is the way to the field from the document's root. */
export interface PlainProblem {
  readonly path: readonly PropertyKey[];
  readonly code: ProblemCode;
  readonly message: string;
  readonly found?: string;
  readonly expected?: string;
  readonly hint?: string;
}

/** Every code a {@link Problem} can have, and what it means. */
export const problemCodes = {
  "yaml-syntax": "The text is not YAML.",
  "json-syntax": "The text is not JSON.",
  "several-documents": "The file holds more than one YAML document.",
  "duplicate-key": "A key stands twice in one mapping.",
  "unknown-key": "The schema knows no such key.",
  "missing-key": "A required key is absent.",
  "wrong-type": "The value has another type than the schema asks for.",
  "wrong-value": "The value is not among those allowed, or breaks a rule.",
  "out-of-range": "The number or length is outside its bounds.",
  "duplicate-name": "Two things that must differ have the same name.",
  "unknown-reference": "A name points to something that does not exist.",
  "value-required": "A required config item has no value.",
  "value-not-editable": "The plug-in's author has fixed this config item.",
  "protocol-mismatch": "The config item does not apply to this port's protocol.",
  "variable-unknown": "A `${NAME}` names no variable and has no default.",
  cycle: "The order asked for goes round in a circle.",
  conflict: "Two plug-ins cannot be installed together.",
  "privilege-not-granted": "The plug-in asks for a privilege that the team does not allow.",
  "reads-differently": "It does something else here than in the program that the file was written for.",
  "secret-in-clear": "A secret stands in the file itself.",
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** `["spec", "config", 0, "name"]` -> `spec.config[0].name`. A key that is no plain word is quoted. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (!/^[\w-]+$/.test(String(key))) return `${text}[${JSON.stringify(String(key))}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** `file:line:column: message`, then the hint on a line of its own. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== "" && part !== 0).join(":");
  const field = problem.path === "" ? "" : `${problem.path}: `;
  const hint = problem.hint === undefined ? "" : `\n    ${problem.hint}`;
  return `${place === "" ? "" : `${place}: `}${field}${problem.message}${hint}`;
}

/** Places a problem in something that has no lines, such as a request body. */
export function withoutPosition(problem: PlainProblem, file = ""): Problem {
  return { ...problem, file, line: 0, column: 0, path: formatPath(problem.path) };
}
