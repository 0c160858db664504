import type { LatencyTraffic, PortTraffic, RouteTraffic, SecondTraffic, SlowTraffic, TrafficResource } from "@outrigger/server";
import { paint } from "./paint.ts";
import { type Column, formatTable } from "./table.ts";

const [shownRoutes, shownSlow, shownSeconds] = [10, 5, 60];
const bars = "▁▂▃▄▅▆▇█";

/** Lines for people: the ports, then what is called most, what was slow, and how it went. */
export function showTraffic(target: string, { plugin, window, ports, pods }: TrafficResource): readonly string[] {
  const count = pods.length === 1 ? "1 pod" : `${pods.length} pods`;
  return [
    paint("dim", `${target}: the last ${window} s of ${count}, by ${plugin}`),
    ...pods.flatMap(({ name, problem }) => (problem === undefined ? [] : [paint("yellow", `${name}: ${problem}`)])),
    "",
    ...tableLines(portColumns, ports),
    ...ports.flatMap((port) => portLines(port, ports.length > 1)),
  ];
}

function portLines({ port, routes, slow, series }: PortTraffic, several: boolean): readonly string[] {
  const name = several ? ` of port ${port}` : "";
  return [
    ...(series.length === 0 ? [] : ["", `${sparkline(series)}  requests/s${name}, ${shownSeconds} s, up to ${highest(series)}`]),
    ...(routes.length === 0 ? [] : ["", ...tableLines(routeColumns(`most called${name}`), routes.slice(0, shownRoutes))]),
    ...(slow.length === 0 ? [] : ["", ...tableLines(slowColumns(`slow${name}`), slow.slice(0, shownSlow))]),
  ];
}

const latencyColumns: readonly Column<{ readonly latency: LatencyTraffic }>[] = (["p50", "p90", "p99", "max"] as const).map((key) => ({
  title: key,
  cell: ({ latency }) => duration(latency[key]),
}));

const portColumns: readonly Column<PortTraffic>[] = [
  { title: "port", cell: ({ port }) => String(port) },
  { title: "protocol", cell: ({ protocol }) => protocol },
  { title: "requests/s", cell: ({ enabled, requestsPerSecond }) => (enabled ? requestsPerSecond.toFixed(1) : "off") },
  { title: "errors", cell: ({ errors, errorRate }) => failing(errors, `${(errorRate * 100).toFixed(1)} %`) },
  ...latencyColumns,
  { title: "in/s", cell: ({ bytesInPerSecond }) => bytes(bytesInPerSecond) },
  { title: "out/s", cell: ({ bytesOutPerSecond }) => bytes(bytesOutPerSecond) },
  { title: "open", cell: ({ openConnections }) => String(openConnections) },
  { title: "sampled", cell: ({ sampling }) => `${sampling} %` },
];

function routeColumns(title: string): readonly Column<RouteTraffic>[] {
  return [
    { title, cell: ({ route }) => route },
    { title: "requests", cell: ({ requests }) => String(Math.round(requests)) },
    { title: "errors", cell: ({ errors }) => failing(errors, String(Math.round(errors))) },
    ...latencyColumns,
  ];
}

function slowColumns(title: string): readonly Column<SlowTraffic>[] {
  return [
    { title, cell: ({ route = "" }) => route },
    { title: "status", cell: ({ status }) => (status === undefined ? "" : String(status)) },
    { title: "took", cell: ({ milliseconds }) => duration(milliseconds) },
    {
      title: "first byte",
      cell: ({ firstByteMilliseconds }) => (firstByteMilliseconds === undefined ? "" : duration(firstByteMilliseconds)),
    },
    { title: "from", cell: ({ client }) => client },
    { title: "at", cell: ({ at }) => at },
  ];
}

function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): readonly string[] {
  return formatTable(columns, rows).split("\n");
}

/** The last minute, a bar for each second; seconds without a request are empty. */
function sparkline(series: readonly SecondTraffic[]): string {
  const last = series.at(-1)?.at ?? 0;
  const most = highest(series);
  const counts = new Map(series.map(({ at, requests }) => [at, requests]));
  return Array.from({ length: shownSeconds }, (_, index) => {
    const requests = counts.get(last - shownSeconds + 1 + index) ?? 0;
    return requests === 0 || most === 0 ? " " : (bars[Math.min(bars.length - 1, Math.floor((requests / most) * bars.length))] ?? " ");
  }).join("");
}

function highest(series: readonly SecondTraffic[]): number {
  return Math.max(0, ...series.map(({ requests }) => Math.round(requests)));
}

function failing(count: number, text: string): string {
  return count > 0 ? paint("red", text) : text;
}

function duration(milliseconds: number): string {
  if (milliseconds >= 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds >= 100 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`;
}

/** Of 1000: as network gear counts. */
function bytes(count: number): string {
  if (count < 1000) return `${Math.round(count)} B`;
  return count < 1e6 ? `${(count / 1e3).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
