import { createServer, type Server, type ServerResponse } from "node:http";
import { remembered } from "./figures.ts";

export interface WebOptions {
  readonly port: number;
  readonly metrics: () => string;
  /** The report as JSON text. */
  readonly traffic: (window: number, seconds: number) => string;
}

const mostConnections = 64;

/** Serves `/metrics` and `/traffic?window=SECONDS&series=SECONDS`. */
export function serve({ port, metrics, traffic }: WebOptions): Server {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (request.method !== "GET") return answer(response, 405, "text/plain", "GET only\n");
    if (url.pathname === "/metrics") return answer(response, 200, "text/plain; version=0.0.4; charset=utf-8", metrics());
    if (url.pathname !== "/traffic") return answer(response, 404, "text/plain", "There are /metrics and /traffic.\n");
    const window = seconds(url.searchParams.get("window"), 1, 60);
    const series = seconds(url.searchParams.get("series"), 0, remembered - 1);
    if (window === undefined || series === undefined) {
      return answer(response, 400, "text/plain", `window and series are whole numbers of seconds up to ${remembered - 1}.\n`);
    }
    answer(response, 200, "application/json", traffic(window, series));
  });
  server.maxConnections = mostConnections;
  return server.listen(port);
}

function seconds(text: string | null, min: number, fallback: number): number | undefined {
  if (text === null) return fallback;
  const value = /^[0-9]{1,4}$/.test(text) ? Number(text) : -1;
  return value >= min && value < remembered ? value : undefined;
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(text);
}
