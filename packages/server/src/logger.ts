import { type Logger, pino } from "pino";

export type LogLevel = "silent" | "error" | "warn" | "info" | "debug";

/** Logs JSON lines to standard output. Requests are told by method and path only: queries and headers can hold what nobody should read. */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    redact: { paths: ["req.headers", "headers", "*.password", "*.token", "*.authorization"], remove: true },
    serializers: {
      req: (request: { readonly method: string; readonly url: string; readonly id: string }) => ({
        id: request.id,
        method: request.method,
        path: request.url.split("?")[0],
      }),
      res: (reply: { readonly statusCode: number }) => ({ status: reply.statusCode }),
    },
  });
}
