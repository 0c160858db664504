import { createServer, type Server } from "node:http";
import { driverError } from "@outrigger/sdk/driver";

/** HOST:PORT, an IPv6 address in brackets. @throws DriverError */
export function readAddress(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const [host, port] = [bracketed ?? plain, Number(digits)];
  if (host !== undefined && port <= 65_535) return { host, port };
  throw driverError(`LISTEN is ${JSON.stringify(text)}; expected is HOST:PORT, e.g. 127.0.0.1:9324`);
}

/** Serves GET /metrics; resolves once it listens. @throws errors of listening */
export async function serveMetrics(address: ReturnType<typeof readAddress>, metrics: () => Promise<string>): Promise<Server> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0];
    const answer = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", ...headers });
      response.end(text);
    };
    if (path !== "/metrics") return answer(404, "The metrics are at /metrics.\n");
    if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "Only GET.\n", { Allow: "GET, HEAD" });
    metrics().then(
      (text) => answer(200, text, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" }),
      (error: unknown) => answer(500, `${String(error)}\n`),
    );
  });
  server.maxConnections = 64;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(address, resolve);
  await promise;
  return server;
}
