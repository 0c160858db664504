import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { driverErrors } from "../../errors.ts";
import type { DriverHost } from "../driver-host.ts";
import { apiVersion, routes } from "./routes.ts";
import { sendError } from "./send.ts";

/** Serves a host's drivers by Docker's plug-in API, with or without a version before the path. */
export function createApiServer(host: DriverHost): Server {
  // An install may take as long as it takes.
  return createServer({ requireHostHeader: false, requestTimeout: 0 }, (request, answer) => {
    serve(host, request, answer).catch((error: unknown) => sendError(answer, error));
  });
}

async function serve(host: DriverHost, request: IncomingMessage, answer: ServerResponse): Promise<void> {
  answer.setHeader("api-version", apiVersion).setHeader("ostype", "linux");
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://host");
  const path = pathname.replace(/^\/v1\.\d+(?=\/)/, "");
  for (const { method, path: pattern, handle } of routes) {
    const match = method === request.method ? pattern.exec(path) : null;
    if (match !== null) return handle({ host, request, answer, query, name: decodeName(match[1] ?? "") });
  }
  throw driverErrors["route-unknown"]({ request: `${request.method} ${path}` });
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw driverErrors["request-invalid"]({ reason: "its path is no valid URL" });
  }
}
