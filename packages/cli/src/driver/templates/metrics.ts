import type { DriverKind } from "./driver-kind.ts";

export const metricsKind: DriverKind = {
  description: "Reads the engine's metrics and says how many containers run.",
  interface: "docker.metricscollector/1.0",
  key: "metrics",
  lines: [],
  items: ["{ name: INTERVAL, type: integer, min: 1, default: 30, description: Seconds between two readings }"],
  exported: "countContainers",
  call: 'countContainers(Number(process.env["INTERVAL"] ?? 30))',
  driver: `import { type Logger, type MetricsCollector, scrapeMetrics } from "@outrigger/sdk/driver";

/** @param scrape reads the engine's metrics; another one in tests */
export function countContainers(seconds: number, scrape: () => Promise<string> = scrapeMetrics): MetricsCollector {
  let timer: NodeJS.Timeout | undefined;
  const read = async (log: Logger): Promise<void> => {
    try {
      const running = /^engine_daemon_container_states_containers\\{state="running"\\} (\\d+)/m.exec(await scrape())?.[1];
      log.info("read", { running: Number(running) });
    } catch (error) {
      log.warn("the metrics could not be read", { error: String(error) });
    }
  };
  const stop = (): void => clearInterval(timer);
  return {
    async start({ log }) {
      stop();
      await read(log);
      timer = setInterval(() => void read(log), seconds * 1000);
    },
    stop,
    close: stop,
  };
}
`,
  test: `import assert from "node:assert/strict";
import { test } from "node:test";
import { testDriver } from "@outrigger/sdk/driver/test-kit";
import { countContainers } from "./driver.ts";

test("the number of running containers is read when the engine says so", async (context) => {
  const scrape = () => Promise.resolve('engine_daemon_container_states_containers{state="running"} 3\\n');
  const engine = await testDriver({ metrics: countContainers(60, scrape) });
  context.after(() => engine.close());
  for (const _ of ["first", "again"]) assert.equal((await engine.call("MetricsCollector.StartMetrics")).error, undefined);
  assert.deepEqual(engine.logged.filter(({ message }) => message === "read").map(({ running }) => running), [3, 3]);
  assert.equal((await engine.call("MetricsCollector.StopMetrics")).error, undefined);
});
`,
  tryIt: ["(what it logs stands in the engine's log)"],
};
