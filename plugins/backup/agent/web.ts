import { createServer, type Server } from "node:http";
import type { Remembered, Run } from "./state.ts";

/** What `/status` serves. */
export interface Status {
  readonly state: "waiting" | "running";
  readonly source: string;
  readonly target: string;
  readonly schedule: string;
  /** RFC 3339. */
  readonly nextRun: string;
  readonly lastRun?: Run | undefined;
  readonly lastSuccess?: Run | undefined;
}

/** Serves `/status` (JSON) and `/metrics` (Prometheus' text format). */
export function serve(port: number, status: () => Status, remembered: () => Remembered): Server {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (request.method !== "GET") response.writeHead(405).end("GET only\n");
    else if (path === "/status") response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(status()));
    else if (path === "/metrics")
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(metrics(status(), remembered()));
    else response.writeHead(404).end("There are /status and /metrics.\n");
  });
  server.maxConnections = 64;
  return server.listen(port);
}

function metrics({ nextRun, lastRun, lastSuccess, state }: Status, { succeeded, failed }: Remembered): string {
  const seconds = (time: string): number => Date.parse(time) / 1000;
  const families: readonly (readonly [name: string, type: string, help: string, samples: readonly string[]])[] = [
    ["outrigger_backup_runs_total", "counter", "Backups that were tried.", [`{result="ok"} ${succeeded}`, `{result="failed"} ${failed}`]],
    ["outrigger_backup_running", "gauge", "1 while a backup runs.", [` ${state === "running" ? 1 : 0}`]],
    ["outrigger_backup_next_run_timestamp_seconds", "gauge", "When the next one is due.", [` ${seconds(nextRun)}`]],
    ["outrigger_backup_last_run_ok", "gauge", "1 where the last one went well.", lastRun === undefined ? [] : [` ${lastRun.ok ? 1 : 0}`]],
    [
      "outrigger_backup_last_success_timestamp_seconds",
      "gauge",
      "When the last good one began.",
      lastSuccess === undefined ? [] : [` ${seconds(lastSuccess.startedAt)}`],
    ],
    ["outrigger_backup_last_success_bytes", "gauge", "Its size.", lastSuccess?.bytes === undefined ? [] : [` ${lastSuccess.bytes}`]],
    [
      "outrigger_backup_last_success_duration_seconds",
      "gauge",
      "How long it took.",
      lastSuccess === undefined ? [] : [` ${seconds(lastSuccess.endedAt) - seconds(lastSuccess.startedAt)}`],
    ],
  ];
  return families
    .filter(([, , , samples]) => samples.length > 0)
    .map(
      ([name, type, help, samples]) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join("")}`,
    )
    .join("");
}
