import type { RouteMatch } from "./exchange.ts";
import { routeRows } from "./routes.ts";

interface Pattern {
  readonly name: string;
  /** Up to the first variable part, and after it. */
  readonly before: string;
  readonly after: string;
  readonly parameter: string;
  /** Of a second variable part, which is the last segment. */
  readonly last: string | undefined;
}

const none: RouteMatch["parameters"] = Object.freeze({});
const exact = new Map<string, RouteMatch>();
/** By method and first segment: at most some twenty each. */
const patterns = new Map<string, Pattern[]>();

for (const [name, method, path] of routeRows) {
  const [before = "", parameter, after = "", last] = path.split(/\{(\w+)\}/);
  if (parameter === undefined) {
    exact.set(`${method} ${path}`, { name, parameters: none });
    continue;
  }
  const key = `${method} ${firstSegment(path)}`;
  const known = patterns.get(key) ?? [];
  patterns.set(key, [...known, { name, before, after, parameter, last }]);
}

const options: RouteMatch = { name: "system.options", parameters: none };

/** The engine's route for a method and a canonical path without version; undefined where the engine has none (it answers 404 then). Case counts. */
export function matchRoute(method: string, path: string): RouteMatch | undefined {
  const found = exact.get(`${method} ${path}`);
  if (found !== undefined) return found;
  for (const pattern of patterns.get(`${method} ${firstSegment(path)}`) ?? []) {
    const parameters = parametersOf(pattern, path);
    if (parameters !== undefined) return { name: pattern.name, parameters };
  }
  return method === "OPTIONS" ? options : undefined;
}

function parametersOf({ before, after, parameter, last }: Pattern, path: string): RouteMatch["parameters"] | undefined {
  if (!path.startsWith(before)) return undefined;
  const end = last === undefined ? path.length - after.length : path.lastIndexOf("/") + 1 - after.length;
  if (end <= before.length || !path.startsWith(after, end)) return undefined;
  const value = path.slice(before.length, end);
  if (last === undefined) return { [parameter]: value };
  const lastValue = path.slice(end + after.length);
  return lastValue === "" ? undefined : { [parameter]: value, [last]: lastValue };
}

function firstSegment(path: string): string {
  const end = path.indexOf("/", 1);
  return end < 0 ? path : path.slice(0, end);
}
