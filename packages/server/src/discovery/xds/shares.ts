import type { OptionReader } from "./options.ts";

/** Who gets which share of a dependency's traffic; a share is a weight among the others. */
export interface Shares {
  /** By replica; undefined: all alike. Replicas that are not named get traffic only when none of the named ones is there. */
  readonly replicas: ReadonlyMap<number, number> | undefined;
  /** By component, all of them reached at the same port; never empty, none is 0. */
  readonly components: ReadonlyMap<string, number>;
}

/** Requests whose header has this very value go to another component. */
export interface HeaderRoute {
  readonly header: string;
  readonly value: string;
  readonly component: string;
}

const componentPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const headerPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
const valuePattern = /^[\x20-\x7e]{1,1024}$/;

/**
 * Reads WEIGHTS (`0=80,1=20` by replica, `api=80,api-next=20` by component), CANARY and CANARY_SHARE.
 *
 * @param own the dependency itself
 * @param reaches whether a component can be reached at the same port
 */
export function readShares(reader: OptionReader, own: string, reaches: (component: string) => boolean): Shares {
  const weights = readWeights(reader);
  const byReplica = weights !== undefined && [...weights.keys()].every((key) => /^\d{1,6}$/.test(key));
  const replicas = byReplica ? new Map([...weights].map(([key, weight]) => [Number(key), weight])) : undefined;
  let components = new Map([[own, 1]]);
  if (weights !== undefined && !byReplica) {
    const reached = [...weights].filter(([component, weight]) => weight > 0 && isReached(reader, "WEIGHTS", component, reaches));
    if (reached.length > 0) components = new Map(reached);
  }
  const canary = reader.text("CANARY");
  const share = reader.integer(["CANARY_SHARE"], 0, 100) ?? 0;
  if (canary === undefined || share === 0 || !isReached(reader, "CANARY", canary, reaches)) return { replicas, components };
  const total = [...components.values()].reduce((sum, weight) => sum + weight, 0);
  const others = [...components].map(([component, weight]): readonly [string, number] => [component, weight * (100 - share)]);
  const shared = new Map(others.filter(([, weight]) => weight > 0));
  shared.set(canary, (shared.get(canary) ?? 0) + total * share);
  return { replicas, components: shared };
}

function readWeights(reader: OptionReader): ReadonlyMap<string, number> | undefined {
  const text = reader.text("WEIGHTS");
  if (text === undefined) return undefined;
  const wrong = (why: string): undefined => {
    reader.tell(
      `WEIGHTS is ${JSON.stringify(text)}; ${why}. An example: \`0=80,1=20\` by replica, or \`api=80,api-next=20\` by component.`,
    );
    return undefined;
  };
  const weights = new Map<string, number>();
  for (const pair of text.split(",")) {
    const [, key = "", number = ""] = /^\s*([a-z0-9-]{1,63})\s*=\s*(\d{1,5})\s*$/.exec(pair) ?? [];
    if (key === "") return wrong(`${JSON.stringify(pair.trim())} is not NAME=WEIGHT, with a weight below 100000`);
    if (weights.has(key)) return wrong(`${key} stands there twice`);
    weights.set(key, Number(number));
  }
  return [...weights.values()].some((weight) => weight > 0) ? weights : wrong("one weight must be above 0");
}

/** Reads ROUTES: `x-user-group=beta -> api-next`, several separated by `;`. */
export function readRoutes(reader: OptionReader, reaches: (component: string) => boolean): readonly HeaderRoute[] {
  const routes: HeaderRoute[] = [];
  const rules = (reader.text("ROUTES") ?? "").split(";").map((text) => text.trim());
  for (const [index, rule] of rules.entries()) {
    if (rule === "") continue;
    const [, header = "", value = "", component = ""] = /^([^=]+)=(.*)->([^>]+)$/.exec(rule)?.map((part) => part.trim()) ?? [];
    if (!isHeader(header, value)) {
      // A header's value can be a secret: it is not repeated.
      reader.tell(`the part ${index + 1} of ROUTES is not \`HEADER=VALUE -> COMPONENT\`.`);
    } else if (isReached(reader, "ROUTES", component, reaches)) {
      routes.push({ header: header.toLowerCase(), value, component });
    }
  }
  return routes;
}

/** Whether this can be a header of a request. */
export function isHeader(name: string, value: string): boolean {
  return headerPattern.test(name) && valuePattern.test(value);
}

function isReached(reader: OptionReader, item: string, component: string, reaches: (component: string) => boolean): boolean {
  if (componentPattern.test(component) && reaches(component)) return true;
  reader.tell(`${item} names ${JSON.stringify(component)}, which is no dependency with the same port and protocol.`);
  return false;
}
