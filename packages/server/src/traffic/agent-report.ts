import * as z from "zod";
import type { LatencyTraffic, PortTraffic, RouteTraffic, SecondTraffic, SlowTraffic } from "../api/traffic-resources.ts";

/** `[microseconds, count]`: what the figures of several pods are put together from. */
export type Steps = readonly (readonly [duration: number, count: number])[];

export interface AgentLatency extends LatencyTraffic {
  readonly steps: Steps;
}

export interface AgentRoute extends RouteTraffic {
  readonly latency: AgentLatency;
}

export interface AgentPort extends PortTraffic {
  readonly latency: AgentLatency;
  readonly routes: readonly AgentRoute[];
}

/** What a performance plug-in serves at `/traffic?window=&series=` of its metrics port; further keys are its own affair. */
export interface AgentReport {
  readonly capture: { readonly dropped: number; readonly problem?: string };
  readonly settings: { readonly fetched: boolean; readonly problem?: string };
  readonly ports: readonly AgentPort[];
}

// What a terminal would take for a command is not let through.
const text = z
  .string()
  .max(512)
  .regex(/^\P{Cc}*$/u);
const amount = z.number().nonnegative();
const latency: z.ZodType<LatencyTraffic> = z.object({ p50: amount, p90: amount, p99: amount, max: amount });
const steps: z.ZodType<Steps> = z.array(z.tuple([amount, amount])).max(1000);
const agentLatency: z.ZodType<AgentLatency> = z.object({ p50: amount, p90: amount, p99: amount, max: amount, steps });

const slow: z.ZodType<SlowTraffic> = z.object({
  at: z.iso.datetime(),
  route: text.exactOptional(),
  status: z.int().exactOptional(),
  milliseconds: amount,
  firstByteMilliseconds: amount.exactOptional(),
  client: text,
});

const second: z.ZodType<SecondTraffic> = z.object({
  at: z.int(),
  requests: amount,
  errors: amount,
  bytesIn: amount,
  bytesOut: amount,
  p50: amount,
  p99: amount,
});

const port = {
  port: z.int().min(1).max(65_535),
  protocol: text,
  enabled: z.boolean(),
  sampling: amount,
  slowMs: amount,
  openConnections: amount,
  requests: amount,
  requestsPerSecond: amount,
  connectionsPerSecond: amount,
  bytesInPerSecond: amount,
  bytesOutPerSecond: amount,
  errors: amount,
  errorRate: amount,
  endings: z.record(text, amount),
  slow: z.array(slow).max(1000),
  series: z.array(second).max(1000),
};

const route = { route: text, requests: amount, errors: amount };

/** A port as the API shows it. */
export const portTrafficField: z.ZodType<PortTraffic> = z.object({
  ...port,
  latency,
  routes: z.array(z.object({ ...route, latency })).max(1000),
});

const agentPort: z.ZodType<AgentPort> = z.object({
  ...port,
  latency: agentLatency,
  routes: z.array(z.object({ ...route, latency: agentLatency })).max(1000),
});

export const agentReportField: z.ZodType<AgentReport> = z.object({
  capture: z.object({ dropped: amount, problem: text.exactOptional() }),
  settings: z.object({ fetched: z.boolean(), problem: text.exactOptional() }),
  ports: z.array(agentPort).max(1000),
});
