import { engineErrors } from "../errors.ts";
import type { Target } from "../gateway/exchange.ts";

type Pairs = readonly (readonly [name: string, value: string])[];

/** The value of a parameter, as the engine takes it: the first one. */
export function parameter(target: Target, name: string): string | undefined {
  return target.query.find(([key]) => key === name)?.[1];
}

/**
 * Refuses a parameter that stands twice where one counts: engines take the first, other readers the last.
 *
 * @throws request-malformed
 */
export function checkQuery(target: Target, several: readonly string[] = []): void {
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
