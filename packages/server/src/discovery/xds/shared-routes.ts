import type { DiscoveryService } from "@outrigger/pod";
import type { Message } from "./messages.ts";
import { serviceCluster, sharedRoutes } from "./names.ts";
import type { OptionReader } from "./options.ts";
import { destination, headerMatch, routeConfiguration, routeOptions } from "./routes.ts";
import { isHeader } from "./shares.ts";

export interface RoutedService {
  readonly service: DiscoveryService<string>;
  readonly reader: OptionReader;
}

/** One row of the table; services with the same domain, prefix and headers share its requests by their weights. */
interface Rule {
  readonly prefix: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly how: Message;
  readonly clusters: Map<string, number>;
}

const domainPattern = /^(?:\*|\*[.-][a-z0-9._-]{1,250}|[a-z0-9][a-z0-9._-]{0,250}(?:[.-]\*)?)$/;
const prefixPattern = /^\/[\x21-\x7e]{0,1000}$/;

/**
 * The table behind 127.0.0.1:80, over all dependencies that have `Domains`: told apart by these, by `Prefix` and by `Headers`
 * (`name:value;name:value`), mixed by `Weight`. Undefined where none has.
 */
export function domainRoutes(services: readonly RoutedService[]): Message | undefined {
  const hosts = new Map<string, Map<string, Rule>>();
  for (const { service, reader } of services) {
    const weight = reader.integer(["Weight"], 0, 100) ?? 100;
    const prefix = readPrefix(reader);
    const headers = readHeaders(reader);
    const domains = readDomains(reader);
    if (weight === 0 || prefix === undefined || headers === undefined) continue;
    const key = JSON.stringify([prefix, headers]);
    for (const domain of domains) {
      const rules = hosts.get(domain) ?? new Map<string, Rule>();
      hosts.set(domain, rules);
      const rule = rules.get(key) ?? { prefix, headers, how: routeOptions(service, reader), clusters: new Map<string, number>() };
      rules.set(key, rule);
      rule.clusters.set(serviceCluster(service), weight);
    }
  }
  if (hosts.size === 0) return undefined;
  const ordered = [...hosts].map(([domain, rules]) => ({
    name: domain,
    domains: [domain],
    routes: [...rules.values()].toSorted(narrowestFirst).map(route),
  }));
  return routeConfiguration(sharedRoutes, ordered);
}

function route({ prefix, headers, how, clusters }: Rule): Message {
  const matches = headers.map(([name, value]) => headerMatch(name, value));
  return { match: { prefix, ...(matches.length === 0 ? {} : { headers: matches }) }, route: { ...destination(clusters), ...how } };
}

function narrowestFirst(one: Rule, other: Rule): number {
  return other.headers.length - one.headers.length || other.prefix.length - one.prefix.length;
}

function readDomains(reader: OptionReader): readonly string[] {
  const domains = (reader.text("Domains") ?? "").split(/[\s,;]+/).filter(Boolean);
  return [...new Set(domains.map((domain) => domain.toLowerCase()))].filter((domain) => {
    const good = domainPattern.test(domain);
    if (!good) reader.tell(`Domains has ${JSON.stringify(domain)}; expected a host's name, \`*.suffix\`, \`prefix.*\` or \`*\`.`);
    return good;
  });
}

function readPrefix(reader: OptionReader): string | undefined {
  const prefix = reader.text("Prefix") ?? "/";
  if (prefixPattern.test(prefix)) return prefix;
  reader.tell(`Prefix is ${JSON.stringify(prefix)}; expected a path that begins with "/".`);
  return undefined;
}

/** Sorted, so that the same headers are the same rule. */
function readHeaders(reader: OptionReader): readonly (readonly [string, string])[] | undefined {
  const parts = (reader.text("Headers") ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter(Boolean);
  const headers = parts.map((part): readonly [string, string] => {
    const colon = part.indexOf(":");
    return [part.slice(0, Math.max(colon, 0)).trim().toLowerCase(), part.slice(colon + 1).trim()];
  });
  if (headers.every(([name, value]) => isHeader(name, value))) return headers.toSorted(([one], [other]) => (one < other ? -1 : 1));
  // A header's value can be a secret: it is not repeated.
  reader.tell("Headers is not `NAME:VALUE;NAME:VALUE`.");
  return undefined;
}
