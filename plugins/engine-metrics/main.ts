import { createLogger, logLevel, metricsSocket, scrapeMetrics, serveDriver } from "@outrigger/sdk/driver";
import { Collector } from "./metrics/collector.ts";
import { readAddress, serveMetrics } from "./metrics/server.ts";

const { LISTEN = "127.0.0.1:9324", PREFIX = "", KEEP = "*", DROP = "", SOCKET = metricsSocket } = process.env;

function patterns(text: string): readonly string[] {
  return text.split(",").flatMap((each) => (each.trim() === "" ? [] : [each.trim()]));
}

function seconds(name: string, fallback: number): number {
  const text = process.env[name] ?? String(fallback);
  if (/^[0-9]{1,5}$/.test(text)) return Number(text) * 1000;
  throw new RangeError(`${name} is ${JSON.stringify(text)}; expected is a number of seconds`);
}

async function main(): Promise<void> {
  const log = createLogger(logLevel());
  const collector = new Collector({
    prefix: PREFIX,
    keep: patterns(KEEP),
    drop: patterns(DROP),
    timeout: seconds("SCRAPE_TIMEOUT", 5),
    maxAge: seconds("MAX_AGE", 300),
    scrape: (signal) => scrapeMetrics({ socket: SOCKET, signal }),
    failed: (error) => log.warn("the engine gives no metrics", { error: String(error) }),
  });
  const server = await serveMetrics(readAddress(LISTEN), () => collector.metrics());
  log.info("listening", { address: server.address() });
  // An engine does not say "start" again to a driver that has been restarted: so metrics are read whenever somebody asks.
  await serveDriver(
    { metrics: { start: () => undefined, stop: () => undefined, close: () => void server.close().closeAllConnections() } },
    { name: "engine-metrics" },
  );
}

void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
