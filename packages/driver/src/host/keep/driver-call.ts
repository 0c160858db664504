import { request } from "node:http";

/** A driver's answer. */
export interface DriverAnswer {
  readonly status: number;
  readonly text: string;
}

const largest = 1024 * 1024;

/** Calls a driver as an engine does: no content type, an empty host, `null` as no body at all. Gives why in words where it does not answer. */
export function callDriver(socket: string, method: string, body: unknown, limit: number): Promise<DriverAnswer | string> {
  const raw = body === null ? "" : `${JSON.stringify(body)}\n`;
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(limit);
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve(signal.aborted ? `it does not answer within ${limit / 1000} s` : reasonOf(error));
    const outgoing = request({
      socketPath: socket,
      method: "POST",
      path: `/${method}`,
      agent: false,
      signal,
      headers: {
        host: "",
        accept: "application/vnd.docker.plugins.v1.2+json",
        "content-length": Buffer.byteLength(raw),
        connection: "close",
      },
    });
    outgoing.once("error", fail);
    outgoing.once("response", (response) => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on("data", (piece: Buffer) => {
        size += piece.length;
        if (size > largest) response.destroy(Object.assign(new RangeError(), { code: "LARGE" }));
        else pieces.push(piece);
      });
      response.once("error", fail);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") }));
    });
    outgoing.end(raw);
  });
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "it does not listen: it has made no socket";
  if (code === "ECONNREFUSED") return "it does not listen: nobody is behind its socket";
  if (code === "ECONNRESET" || code === "EPIPE" || message === "socket hang up") return "it breaks connections without an answer";
  if (code?.startsWith("HPE_") === true) return "it answers something that is not HTTP";
  return code === "LARGE" ? "its answer has no end" : message;
}
