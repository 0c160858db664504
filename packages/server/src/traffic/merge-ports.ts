import type { LatencyTraffic, PortTraffic, RouteTraffic, SecondTraffic } from "../api/traffic-resources.ts";
import type { AgentLatency, AgentPort, AgentRoute, Steps } from "./agent-report.ts";

const shownRoutes = 50;
const shownSlow = 50;

/** What several pods say of the same ports as one: sums, and percentiles of all requests together. */
export function mergePorts(pods: readonly (readonly AgentPort[])[]): readonly PortTraffic[] {
  return [...Map.groupBy(pods.flat(), ({ port }) => port).values()].flatMap(mergePort).sort((a, b) => a.port - b.port);
}

/** A port without what only merging needs. */
export function plainPort({ latency, routes, ...rest }: AgentPort): PortTraffic {
  return { ...rest, latency: plainLatency(latency), routes: routes.map((route) => ({ ...route, latency: plainLatency(route.latency) })) };
}

function mergePort(ports: readonly AgentPort[]): readonly PortTraffic[] {
  const [first, ...others] = ports;
  if (first === undefined) return [];
  if (others.length === 0) return [plainPort(first)];
  const sum = (amount: (port: AgentPort) => number): number => round(ports.reduce((total, port) => total + amount(port), 0));
  const [requests, errors] = [sum((port) => port.requests), sum((port) => port.errors)];
  return [
    {
      port: first.port,
      protocol: first.protocol,
      enabled: ports.some(({ enabled }) => enabled),
      sampling: Math.min(...ports.map(({ sampling }) => sampling)),
      slowMs: first.slowMs,
      openConnections: sum((port) => port.openConnections),
      requests,
      requestsPerSecond: sum((port) => port.requestsPerSecond),
      connectionsPerSecond: sum((port) => port.connectionsPerSecond),
      bytesInPerSecond: sum((port) => port.bytesInPerSecond),
      bytesOutPerSecond: sum((port) => port.bytesOutPerSecond),
      errors,
      errorRate: requests === 0 ? 0 : Math.round((errors / requests) * 10_000) / 10_000,
      latency: mergeLatency(ports.map(({ latency }) => latency)),
      endings: mergeEndings(ports),
      routes: mergeRoutes(ports.flatMap(({ routes }) => routes)),
      slow: ports
        .flatMap(({ slow }) => slow)
        .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
        .slice(0, shownSlow),
      series: mergeSeries(ports.flatMap(({ series }) => series)),
    },
  ];
}

function mergeEndings(ports: readonly AgentPort[]): Readonly<Record<string, number>> {
  const all = Map.groupBy(
    ports.flatMap(({ endings }) => Object.entries(endings)),
    ([ending]) => ending,
  );
  return Object.fromEntries([...all].map(([ending, list]) => [ending, round(list.reduce((sum, [, count]) => sum + count, 0))]));
}

function mergeRoutes(routes: readonly AgentRoute[]): readonly RouteTraffic[] {
  return [...Map.groupBy(routes, ({ route }) => route)]
    .map(([route, list]) => ({
      route,
      requests: round(list.reduce((sum, { requests }) => sum + requests, 0)),
      errors: round(list.reduce((sum, { errors }) => sum + errors, 0)),
      latency: mergeLatency(list.map(({ latency }) => latency)),
    }))
    .sort((a, b) => b.requests - a.requests)
    .slice(0, shownRoutes);
}

function mergeSeries(seconds: readonly SecondTraffic[]): readonly SecondTraffic[] {
  return [...Map.groupBy(seconds, ({ at }) => at)]
    .map(([at, list]) => ({
      at,
      requests: round(list.reduce((sum, { requests }) => sum + requests, 0)),
      errors: round(list.reduce((sum, { errors }) => sum + errors, 0)),
      bytesIn: round(list.reduce((sum, { bytesIn }) => sum + bytesIn, 0)),
      bytesOut: round(list.reduce((sum, { bytesOut }) => sum + bytesOut, 0)),
      p50: Math.max(...list.map(({ p50 }) => p50)),
      p99: Math.max(...list.map(({ p99 }) => p99)),
    }))
    .sort((a, b) => a.at - b.at);
}

function mergeLatency(latencies: readonly AgentLatency[]): LatencyTraffic {
  const steps = latencies.flatMap((latency) => latency.steps).toSorted(([a], [b]) => a - b);
  const max = Math.max(0, ...latencies.map((latency) => latency.max));
  const at = (share: number): number => Math.min(max, quantile(steps, share));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max };
}

/** Milliseconds that `share` of the counted durations do not exceed. */
function quantile(steps: Steps, share: number): number {
  const total = steps.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [duration, count] of steps) {
    seen += count;
    if (seen >= total * share - 1e-6 * total) return Math.round(duration / 10) / 100;
  }
  return 0;
}

function plainLatency({ p50, p90, p99, max }: AgentLatency): LatencyTraffic {
  return { p50, p90, p99, max };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
