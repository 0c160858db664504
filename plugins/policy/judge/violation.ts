/** Something that a rule forbids. */
export interface Violation {
  /** The rule's name in the policy file. */
  readonly rule: string;
  /** What was found, and what is allowed. */
  readonly message: string;
  readonly hint?: string;
}

export type Violations = Generator<Violation, void, undefined>;

/** `a, b or c`; `nothing` for none. */
export function listed(allowed: readonly string[]): string {
  if (allowed.length === 0) return "nothing";
  const head = allowed.slice(0, 8).map((word) => JSON.stringify(word));
  return head.join(", ") + (allowed.length > head.length ? " and more" : "");
}

/** A found value, short enough for a message. */
export function shown(value: unknown): string {
  const text =
    typeof value === "bigint"
      ? String(value)
      : (JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part)) ?? "nothing");
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
