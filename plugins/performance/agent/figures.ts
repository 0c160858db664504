import type { Exchange } from "./conversation.ts";
import { Histogram } from "./histogram.ts";
import { createRanking, type RouteFigures } from "./ranking.ts";

/** Seconds that are remembered one by one. */
export const remembered = 300;
const turnAfter = 150;
const places = 100;
const slowest = 50;

/** What happened in one second, or several. Fractions: a sampled exchange stands for several. */
export interface Tally {
  requests: number;
  errors: number;
  connections: number;
  bytesIn: number;
  bytesOut: number;
  readonly latencies: Histogram;
}

/** A request that took longer than its port's threshold. */
export interface SlowRequest {
  /** RFC 3339: when it was asked. */
  readonly at: string;
  readonly route?: string;
  readonly status?: number;
  readonly milliseconds: number;
  /** Until the answer's first byte. */
  readonly firstByteMilliseconds?: number;
  readonly client: string;
}

/** Exchanges by how they ended: `2xx` ... `5xx` for HTTP, else `ok`, `error`, `none` (no answer), `aborted`. */
export type Endings = ReadonlyMap<string, number>;

/** A port's figures, over time and since the start. */
export interface Figures {
  readonly connection: (time: number, weight: number) => void;
  readonly bytes: (direction: "in" | "out", count: number, time: number, weight: number) => void;
  readonly exchange: (exchange: Exchange, weight: number, client: string, slowMs: number) => void;
  /** Sum of the seconds `from` to `to` (since 1970), both included. */
  readonly between: (from: number, to: number) => Tally;
  readonly second: (at: number) => Readonly<Tally> | undefined;
  /** Since the start. */
  readonly total: Tally;
  readonly endings: Endings;
  readonly routes: () => readonly RouteFigures[];
  /** Latest first. */
  readonly slow: () => readonly SlowRequest[];
}

export function createFigures(): Figures {
  const ring = Array.from({ length: remembered }, () => ({ second: -1, tally: newTally() }));
  const total = newTally();
  const endings = new Map<string, number>();
  const ranking = createRanking(places);
  const slow: SlowRequest[] = [];
  let turned = 0;

  const slot = (time: number): Tally | undefined => {
    const second = Math.floor(time / 1_000_000);
    const place = ring[second % remembered];
    if (place === undefined || place.second > second) return undefined;
    if (place.second !== second) {
      place.second = second;
      clear(place.tally);
    }
    return place.tally;
  };
  const both = (time: number, change: (tally: Tally) => void): void => {
    change(total);
    const tally = slot(time);
    if (tally !== undefined) change(tally);
  };
  const second = (at: number): Tally | undefined => {
    const place = ring[at % remembered];
    return place?.second === at ? place.tally : undefined;
  };

  return {
    total,
    endings,
    second,
    connection: (time, weight) =>
      both(time, (tally) => {
        tally.connections += weight;
      }),
    bytes: (direction, count, time, weight) =>
      both(time, (tally) => {
        if (direction === "in") tally.bytesIn += count * weight;
        else tally.bytesOut += count * weight;
      }),
    exchange: (exchange, weight, client, slowMs) => {
      const { start, end, failed, route } = exchange;
      const latency = Math.max(0, end - start);
      both(end, (tally) => {
        tally.requests += weight;
        if (failed) tally.errors += weight;
        if (exchange.outcome === "answered") tally.latencies.add(latency, weight);
      });
      const ending = endingOf(exchange);
      endings.set(ending, (endings.get(ending) ?? 0) + weight);
      if (end - turned > turnAfter * 1_000_000) {
        ranking.turn();
        turned = end;
      }
      if (route !== undefined) ranking.count(route, latency, failed, weight);
      if (latency < slowMs * 1000) return;
      slow.unshift(slowRequest(exchange, latency, client));
      if (slow.length > slowest) slow.pop();
    },
    between: (from, to) => {
      const sum = newTally();
      for (let at = from; at <= to; at += 1) addTally(sum, second(at));
      return sum;
    },
    routes: () => ranking.list(),
    slow: () => slow,
  };
}

function newTally(): Tally {
  return { requests: 0, errors: 0, connections: 0, bytesIn: 0, bytesOut: 0, latencies: new Histogram() };
}

function clear(tally: Tally): void {
  Object.assign(tally, { requests: 0, errors: 0, connections: 0, bytesIn: 0, bytesOut: 0 });
  tally.latencies.clear();
}

function addTally(sum: Tally, other: Tally | undefined): void {
  if (other === undefined) return;
  sum.requests += other.requests;
  sum.errors += other.errors;
  sum.connections += other.connections;
  sum.bytesIn += other.bytesIn;
  sum.bytesOut += other.bytesOut;
  sum.latencies.merge(other.latencies);
}

function endingOf({ status, outcome, failed }: Exchange): string {
  if (outcome !== "answered") return outcome === "aborted" ? "aborted" : "none";
  if (status !== undefined) return `${Math.floor(status / 100)}xx`;
  return failed ? "error" : "ok";
}

function slowRequest({ start, first, route, status }: Exchange, latency: number, client: string): SlowRequest {
  return {
    at: new Date(start / 1000).toISOString(),
    ...(route === undefined ? {} : { route }),
    ...(status === undefined ? {} : { status }),
    milliseconds: milliseconds(latency),
    ...(first === undefined ? {} : { firstByteMilliseconds: milliseconds(first - start) }),
    client,
  };
}

/** From microseconds, to a hundredth. */
export function milliseconds(microseconds: number): number {
  return Math.round(microseconds / 10) / 100;
}
