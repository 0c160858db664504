import { Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** What came back, as it was sent. */
export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** One call as an engine makes it: the JSON with a newline, or nothing where the engine sends none. */
export type RawCall = (method: string, body: Buffer) => Promise<RawAnswer>;

/**
 * Calls a driver's socket with an engine's own headers: no Content-Type, an empty Host (Engine 20.10; newer ones send a name).
 *
 * @param host default: empty
 */
export function socketCaller(socketPath: string, host = ""): { readonly call: RawCall; readonly close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const call: RawCall = (method, body) => {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    const headers = [
      ["Host", host],
      ["User-Agent", "Go-http-client/1.1"],
      ["Content-Length", String(body.length)],
      ["Accept", "application/vnd.docker.plugins.v1.2+json"],
    ].flat();
    const asked = request({ socketPath, agent, method: "POST", path: `/${method}`, setHost: false, headers }, (response) => {
      buffer(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    });
    asked.once("error", reject);
    asked.end(body);
    return promise;
  };
  return { call, close: () => agent.destroy() };
}

/** A call's body as engines write it. */
export function bodyOf(args: unknown): Buffer {
  return args === undefined ? Buffer.alloc(0) : Buffer.from(`${JSON.stringify(args)}\n`);
}
