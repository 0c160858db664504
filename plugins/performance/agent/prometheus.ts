import type { CaptureCounts } from "./capture.ts";
import type { PortState } from "./report.ts";

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The figures since the start in Prometheus' text format, version 0.0.4. */
export function prometheusText(ports: readonly PortState[], { packets, dropped }: CaptureCounts): string {
  const perPort = (make: (state: PortState, labels: string) => readonly string[]): readonly string[] =>
    ports.flatMap((state) => make(state, `port="${state.settings.port}",protocol="${state.settings.protocol}"`));
  const families: readonly (readonly [name: string, type: string, help: string, samples: readonly string[]])[] = [
    [
      "outrigger_traffic_requests_total",
      "counter",
      "Requests, statements or turns, by how they ended.",
      perPort(({ figures }, labels) => [...figures.endings].map(([ending, count]) => `{${labels},ending="${ending}"} ${count}`)),
    ],
    [
      "outrigger_traffic_errors_total",
      "counter",
      "Those that failed.",
      perPort(({ figures }, labels) => [`{${labels}} ${figures.total.errors}`]),
    ],
    [
      "outrigger_traffic_connections_total",
      "counter",
      "Connections opened.",
      perPort(({ figures }, labels) => [`{${labels}} ${figures.total.connections}`]),
    ],
    ["outrigger_traffic_open_connections", "gauge", "Connections open now.", perPort(({ open }, labels) => [`{${labels}} ${open}`])],
    [
      "outrigger_traffic_bytes_total",
      "counter",
      "Bytes carried over TCP, as callers and component sent them.",
      perPort(({ figures: { total } }, labels) => [
        `{${labels},direction="in"} ${total.bytesIn}`,
        `{${labels},direction="out"} ${total.bytesOut}`,
      ]),
    ],
    ["outrigger_traffic_duration_seconds", "histogram", "From a request's first byte to its answer's last.", perPort(duration)],
    ["outrigger_traffic_captured_packets_total", "counter", "Packets read.", [` ${packets}`]],
    [
      "outrigger_traffic_dropped_packets_total",
      "counter",
      "Packets that the kernel had no room for; figures are too low by them.",
      [` ${dropped}`],
    ],
  ];
  return families.map(([name, type, help, samples]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines(name, samples)}`).join("");
}

function lines(name: string, samples: readonly string[]): string {
  return samples.map((sample) => `${name}${sample}\n`).join("");
}

/** A histogram's samples go on with the name: `_bucket{...}`. */
function duration({ figures: { total } }: PortState, labels: string): readonly string[] {
  const { latencies } = total;
  return [
    ...bounds.map((bound) => `_bucket{${labels},le="${bound}"} ${latencies.upTo(bound * 1_000_000)}`),
    `_bucket{${labels},le="+Inf"} ${latencies.total}`,
    `_sum{${labels}} ${latencies.steps().reduce((sum, [at, count]) => sum + (at * count) / 1_000_000, 0)}`,
    `_count{${labels}} ${latencies.total}`,
  ];
}
