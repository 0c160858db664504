import { Histogram } from "./histogram.ts";

/** How one API fared. Durations in microseconds. */
export interface RouteFigures {
  readonly route: string;
  readonly requests: number;
  readonly errors: number;
  readonly latencies: Histogram;
}

interface Entry {
  route: string;
  /** What it is ranked by: its own requests and those of whom it has replaced. */
  rank: number;
  requests: number;
  errors: number;
  latencies: Histogram;
}

export interface Ranking {
  readonly count: (route: string, latency: number, error: boolean, weight: number) => void;
  /** Forgets what is older than the period before this one. */
  readonly turn: () => void;
  /** Most requests first; of this period and the one before. */
  readonly list: () => readonly RouteFigures[];
}

/**
 * The most called routes, in memory for `places` of them and the same number of the period before: a newcomer takes the place of the least called one and
 * inherits its rank ("space-saving", Metwally et al. 2005), so that who is called often can't be kept out by ever new names. Counts are of the time since
 * a route has its place, so never too high.
 */
export function createRanking(places: number): Ranking {
  let current = new Map<string, Entry>();
  let former = new Map<string, Entry>();
  return {
    count: (route, latency, error, weight) => {
      const entry = current.get(route) ?? enter(current, route, places);
      entry.rank += weight;
      entry.requests += weight;
      if (error) entry.errors += weight;
      entry.latencies.add(latency, weight);
    },
    turn: () => {
      former = current;
      current = new Map();
    },
    list: () => {
      const routes = new Set([...current.keys(), ...former.keys()]);
      return [...routes].map((route) => merged(route, current.get(route), former.get(route))).sort((a, b) => b.requests - a.requests);
    },
  };
}

function enter(table: Map<string, Entry>, route: string, places: number): Entry {
  if (table.size < places) {
    const entry: Entry = { route, rank: 0, requests: 0, errors: 0, latencies: new Histogram() };
    table.set(route, entry);
    return entry;
  }
  let least: Entry | undefined;
  for (const entry of table.values()) if (least === undefined || entry.rank < least.rank) least = entry;
  if (least === undefined) throw new RangeError("a ranking needs a place");
  table.delete(least.route);
  least.latencies.clear();
  Object.assign(least, { route, requests: 0, errors: 0 });
  table.set(route, least);
  return least;
}

function merged(route: string, a: Entry | undefined, b: Entry | undefined): RouteFigures {
  const latencies = new Histogram();
  if (a !== undefined) latencies.merge(a.latencies);
  if (b !== undefined) latencies.merge(b.latencies);
  return { route, requests: (a?.requests ?? 0) + (b?.requests ?? 0), errors: (a?.errors ?? 0) + (b?.errors ?? 0), latencies };
}
