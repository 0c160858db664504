import type { RequestOptions } from "node:http";
import { runtimeErrors } from "../../errors.ts";

/** Where an engine listens. */
export interface Endpoint {
  /** As a person writes it, e.g. `unix:///var/run/docker.sock`. */
  readonly name: string;
  readonly options: Pick<RequestOptions, "socketPath" | "host" | "port">;
}

const loopback = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/** Reads `unix:///path`, `/path` or `tcp://LOOPBACK:PORT`. Plain TCP beyond loopback is refused: whoever can reach it is root. @throws docker-host-invalid */
export function parseEndpoint(text: string): Endpoint {
  if (text.startsWith("/")) return { name: `unix://${text}`, options: { socketPath: text } };
  if (text.startsWith("unix:///")) return { name: text, options: { socketPath: text.slice("unix://".length) } };
  const url = text.startsWith("tcp://") ? URL.parse(text.replace("tcp:", "http:")) : null;
  if (url === null || !loopback.has(url.hostname)) throw runtimeErrors["docker-host-invalid"]({ found: text });
  return { name: text, options: { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? 2375 : Number(url.port) } };
}

/** The engine that DOCKER_HOST names, else this machine's. */
export function defaultEndpoint(): string {
  return process.env["DOCKER_HOST"] || "unix:///var/run/docker.sock";
}
