import { writeFileSync } from "node:fs";
import { scrapeMetrics, serveDriver } from "@outrigger/sdk/driver";

/** A metrics collector as a managed plug-in: keeps what it reads when it is started in /data. */
await serveDriver(
  {
    metrics: {
      start: async () => writeFileSync("/data/metrics.txt", await scrapeMetrics()),
      stop: () => writeFileSync("/data/stopped", ""),
    },
  },
  { name: "metrics" },
);
