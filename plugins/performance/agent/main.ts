import { createCapture } from "./capture.ts";
import { followSettings } from "./discovery.ts";
import { captureFilter } from "./filter.ts";
import { ownNetwork } from "./own-addresses.ts";
import { prometheusText } from "./prometheus.ts";
import { reportPort, type TrafficReport } from "./report.ts";
import { type PortSettings, readSettings } from "./settings.ts";
import { createTraffic } from "./traffic.ts";
import { serve } from "./web.ts";

const webPort = 65_090;
const { DISCOVER_URL: url, DISCOVER_TOKEN: token } = process.env;
if (url === undefined || url === "") {
  console.error("performance: DISCOVER_URL is missing; it says where the settings are, and Outrigger sets it");
  process.exit(64);
}

let network = ownNetwork();
let settings: readonly PortSettings[] | undefined;
const problems = new Map<"capture" | "settings", string>();
const stopping = new AbortController();

const traffic = createTraffic((address) => network.addresses.includes(address));
const capture = createCapture({
  interfaces: () => network.interfaces,
  onPacket: traffic.packet,
  onProblem: (problem) => tell("capture", problem),
});

function tell(what: "capture" | "settings", problem: string | undefined): void {
  if (problems.get(what) === problem) return;
  if (problem === undefined) problems.delete(what);
  else problems.set(what, problem);
  console.log(`performance: ${what}: ${problem ?? "all is well again"}`);
}

function capturePorts(): void {
  network = ownNetwork();
  capture.filter(
    captureFilter(
      (settings ?? []).filter(({ enabled }) => enabled),
      network.addresses,
    ),
  );
}

function configure(document: unknown): void {
  settings = readSettings(document);
  traffic.configure(settings);
  capturePorts();
  for (const { port, protocol, enabled, sampling, slowMs } of settings) {
    console.log(`performance: port ${port} (${protocol}): ${enabled ? `${sampling} % of the connections, slow from ${slowMs} ms` : "off"}`);
  }
}

function report(window: number, seconds: number): TrafficReport {
  const now = Date.now();
  const problem = (what: "capture" | "settings"): { readonly problem?: string } => {
    const text = problems.get(what);
    return text === undefined ? {} : { problem: text };
  };
  return {
    at: new Date(now).toISOString(),
    window,
    capture: { ...capture.counts(), ...problem("capture") },
    settings: { fetched: settings !== undefined, ...problem("settings") },
    ports: traffic.ports().map((state) => reportPort(state, Math.floor(now / 1000), window, seconds)),
  };
}

const server = serve({
  port: webPort,
  metrics: () => prometheusText(traffic.ports(), capture.counts()),
  traffic: (window, seconds) => JSON.stringify(report(window, seconds)),
});
const sweeping = setInterval(() => {
  traffic.connections.sweep(Date.now() * 1000);
  // Networks may be joined while the pod runs.
  capturePorts();
}, 1000);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    stopping.abort();
    clearInterval(sweeping);
    capture.close();
    server.close();
    server.closeAllConnections();
  });
}

await followSettings({
  url,
  ...(token === undefined ? {} : { token }),
  onDocument: configure,
  onProblem: (problem) => tell("settings", problem),
  signal: stopping.signal,
});
