import type { CaptureCounts } from "./capture.ts";
import { type Figures, milliseconds, type SlowRequest, type Tally } from "./figures.ts";
import type { Histogram } from "./histogram.ts";
import type { PortSettings } from "./settings.ts";

/** Durations in milliseconds. `steps` are `[microseconds, count]`, from which the figures of several pods can be put together. */
export interface LatencyReport {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly steps: readonly (readonly [duration: number, count: number])[];
}

/** Of the last 150 to 300 s. */
export interface RouteReport {
  readonly route: string;
  readonly requests: number;
  readonly errors: number;
  readonly latency: LatencyReport;
}

/** One second. */
export interface SecondReport {
  /** Since 1970. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds; 0 where nothing was answered. */
  readonly p50: number;
  readonly p99: number;
}

export interface PortReport extends PortSettings {
  readonly openConnections: number;
  /** Of the window. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly connectionsPerSecond: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
  readonly errors: number;
  /** Errors by requests, 0 to 1; 0 where nothing was asked. */
  readonly errorRate: number;
  readonly latency: LatencyReport;
  /** Since the agent's start: exchanges by how they ended. */
  readonly endings: Readonly<Record<string, number>>;
  readonly routes: readonly RouteReport[];
  /** The last 50, latest first. */
  readonly slow: readonly SlowRequest[];
  /** Seconds in which something happened, oldest first. */
  readonly series: readonly SecondReport[];
}

/** What `/traffic` serves. Counts are estimates where fewer than all connections are looked at. */
export interface TrafficReport {
  /** RFC 3339. */
  readonly at: string;
  /** Length in seconds of the time that the ports' figures are of; it ends 1 to 2 s before `at`. */
  readonly window: number;
  readonly capture: CaptureCounts & { readonly problem?: string };
  /** Whether settings were ever fetched, and why the newest could not be. */
  readonly settings: { readonly fetched: boolean; readonly problem?: string };
  readonly ports: readonly PortReport[];
}

/** A port with what is known of it. */
export interface PortState {
  readonly settings: PortSettings;
  readonly figures: Figures;
  readonly open: number;
}

const shownRoutes = 50;

// The kernel hands packets over in blocks of up to a second: what happened since is not yet known in full.
const delay = 2;

/** The figures of one port over the `window` full seconds that are known at `now` (seconds since 1970); `seconds` is the length of the series. */
export function reportPort({ settings, figures, open }: PortState, now: number, window: number, seconds: number): PortReport {
  const tally = figures.between(now - delay - window + 1, now - delay);
  const rate = (amount: number): number => round(amount / window);
  return {
    ...settings,
    openConnections: open,
    requests: round(tally.requests),
    requestsPerSecond: rate(tally.requests),
    connectionsPerSecond: rate(tally.connections),
    bytesInPerSecond: rate(tally.bytesIn),
    bytesOutPerSecond: rate(tally.bytesOut),
    errors: round(tally.errors),
    errorRate: tally.requests === 0 ? 0 : Math.round((tally.errors / tally.requests) * 10_000) / 10_000,
    latency: latencyReport(tally.latencies),
    endings: Object.fromEntries([...figures.endings].map(([ending, count]) => [ending, round(count)])),
    routes: figures
      .routes()
      .slice(0, shownRoutes)
      .map(({ route, requests, errors, latencies }) => ({
        route,
        requests: round(requests),
        errors: round(errors),
        latency: latencyReport(latencies),
      })),
    slow: figures.slow(),
    series: Array.from({ length: seconds }, (_, index) => now - delay - seconds + 1 + index).flatMap((at) => {
      const second = figures.second(at);
      return second === undefined ? [] : [secondReport(at, second)];
    }),
  };
}

function secondReport(at: number, { requests, errors, bytesIn, bytesOut, latencies }: Readonly<Tally>): SecondReport {
  return {
    at,
    requests: round(requests),
    errors: round(errors),
    bytesIn: round(bytesIn),
    bytesOut: round(bytesOut),
    p50: milliseconds(latencies.quantile(0.5)),
    p99: milliseconds(latencies.quantile(0.99)),
  };
}

function latencyReport(latencies: Histogram): LatencyReport {
  return {
    p50: milliseconds(latencies.quantile(0.5)),
    p90: milliseconds(latencies.quantile(0.9)),
    p99: milliseconds(latencies.quantile(0.99)),
    max: milliseconds(latencies.max),
    steps: latencies.steps(),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
