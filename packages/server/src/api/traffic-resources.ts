/** How a component's ports fare, as its performance plug-in sees it in each pod. Counts are estimates where it looks at a part of the connections. */
export interface TrafficResource {
  /** `NAME@VERSION`. */
  readonly plugin: string;
  /** Seconds that the figures are of. */
  readonly window: number;
  /** All pods together. */
  readonly ports: readonly PortTraffic[];
  readonly pods: readonly PodTraffic[];
}

export interface PodTraffic {
  readonly name: string;
  readonly replica: number;
  /** Why there are no figures of this pod, or why they may be old or too low. */
  readonly problem?: string;
  readonly ports: readonly PortTraffic[];
}

/** Durations in milliseconds, rates by the second. */
export interface PortTraffic {
  /** As callers know it. */
  readonly port: number;
  readonly protocol: string;
  /** Whether it is watched. */
  readonly enabled: boolean;
  /** Percent of the connections that are looked at. */
  readonly sampling: number;
  readonly slowMs: number;
  readonly openConnections: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly connectionsPerSecond: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
  readonly errors: number;
  /** Errors by requests, 0 to 1. */
  readonly errorRate: number;
  readonly latency: LatencyTraffic;
  /** Since the plug-in started: requests by how they ended, e.g. `2xx`, `5xx`, `ok`, `error`, `none`, `aborted`. */
  readonly endings: Readonly<Record<string, number>>;
  /** Most called first. */
  readonly routes: readonly RouteTraffic[];
  /** Latest first. */
  readonly slow: readonly SlowTraffic[];
  /** Seconds in which something happened, oldest first. */
  readonly series: readonly SecondTraffic[];
}

export interface LatencyTraffic {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface RouteTraffic {
  /** e.g. `GET /users/{id}`. */
  readonly route: string;
  readonly requests: number;
  readonly errors: number;
  readonly latency: LatencyTraffic;
}

export interface SlowTraffic {
  readonly at: string;
  readonly route?: string;
  readonly status?: number;
  readonly milliseconds: number;
  readonly firstByteMilliseconds?: number;
  readonly client: string;
}

export interface SecondTraffic {
  /** Since 1970. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of several pods the greatest. */
  readonly p50: number;
  readonly p99: number;
}
