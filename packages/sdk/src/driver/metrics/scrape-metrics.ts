import { request } from "node:http";
import { text } from "node:stream/consumers";
import { driverError } from "../driver-error.ts";

/** Where an engine puts its metrics for a metrics collector. */
export const metricsSocket = "/run/docker/metrics.sock";

/** The engine's metrics in Prometheus' text format, read once. @throws DriverError where the engine gives none; errors of connecting */
export async function scrapeMetrics({
  socket = metricsSocket,
  signal,
}: {
  readonly socket?: string;
  readonly signal?: AbortSignal;
} = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { socketPath: socket, path: "/metrics", agent: false as const, ...(signal === undefined ? {} : { signal }) };
  const asked = request(options, (response) => {
    text(response).then((body) => {
      if (response.statusCode === 200) return resolve(body);
      reject(driverError(`the engine answered ${response.statusCode} where its metrics are expected`));
    }, reject);
  });
  asked.once("error", reject);
  asked.end();
  return await promise;
}
