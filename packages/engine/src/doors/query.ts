import { engineErrors } from "../errors.ts";
import type { Header, Target } from "../gateway/exchange.ts";

type Pairs = readonly (readonly [name: string, value: string])[];

/** The value of a parameter, as the engine takes it: the first one. */
export function parameter(target: Target, name: string): string | undefined {
  return target.query.find(([key]) => key === name)?.[1];
}

/**
 * Refuses what makes the engine read other parameters than we do: a form as body (its values win over the query's), a semicolon (a separator for some engines),
 * half an escape, and a parameter twice where one counts.
 *
 * @throws request-malformed
 */
export function checkQuery(target: Target, headers: readonly Header[], several: readonly string[] = []): void {
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  if (/x-www-form-urlencoded|multipart\/form-data/i.test(type))
    throw engineErrors["request-malformed"]({ reason: "its parameters stand in a form instead of the query" });
  const text = target.text.split("?").slice(1).join("?");
  if (text.includes(";")) throw engineErrors["request-malformed"]({ reason: "a semicolon stands in its query; write %3B" });
  if (/%(?![0-9a-fA-F]{2})/.test(text))
    throw engineErrors["request-malformed"]({ reason: "its query has a percent sign that escapes nothing" });
  const seen = new Set<string>();
  for (const [name] of target.query) {
    if (seen.has(name) && !several.includes(name))
      throw engineErrors["request-malformed"]({ reason: `the parameter ${name} stands twice` });
    seen.add(name);
  }
}

/** The target with other parameters: those given replace all of their name, null removes them, several values stand one after another. */
export function withParameters(target: Target, changes: Readonly<Record<string, string | readonly string[] | null>>): string {
  const kept: Pairs = target.query.filter(([name]) => !Object.hasOwn(changes, name));
  const added = Object.entries(changes).flatMap(
    ([name, value]): Pairs => (value === null ? [] : [value].flat().map((one) => [name, one] as const)),
  );
  const query = [...kept, ...added].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  const path = target.text.split("?")[0] ?? "";
  return query === "" ? path : `${path}?${query}`;
}
