import { Agent, request } from "node:http";
import { parseJson, stringifyJson } from "@outrigger/sdk";
import { fault } from "../hooks/answers.ts";
import { answerLimit, answerTooLong } from "./answer-limit.ts";

/** Speaks to a plug-in's process over its socket: JSON over HTTP with kept connections. */
export interface SocketClient {
  /** The answer's JSON; undefined for 204. @throws plugin-fault, and the system's errors */
  readonly ask: (method: "GET" | "POST", path: string, body: unknown, signal: AbortSignal) => Promise<unknown>;
  readonly close: () => void;
}

export function createSocketClient(socketPath: string): SocketClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 16 });
  const once = (method: string, path: string, text: string | undefined, signal: AbortSignal): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    let answered = false;
    const headers = text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const asking = request({ socketPath, agent, method, path, headers }, (response) => {
      answered = true;
      const parts: Buffer[] = [];
      let size = 0;
      response.on("error", reject);
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size <= answerLimit) return void parts.push(part);
        asking.destroy();
        reject(fault(answerTooLong));
      });
      response.on("end", () => {
        try {
          resolve(readAnswer(response.statusCode ?? 0, Buffer.concat(parts)));
        } catch (error) {
          reject(error);
        }
      });
      response.on("close", () => reject(fault("its answer ended too early")));
    });
    asking.on("error", (error: NodeJS.ErrnoException) =>
      // A kept connection that the plug-in closed meanwhile says nothing about the call.
      asking.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE") && !answered
        ? resolve(once(method, path, text, signal))
        : reject(error),
    );
    // Not the option `signal`, which watches the request with a second set of listeners.
    const abort = (): void => void asking.destroy(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    asking.on("close", () => signal.removeEventListener("abort", abort));
    asking.end(text);
    return promise;
  };
  return {
    ask: (method, path, body, signal) => once(method, path, body === undefined ? undefined : stringifyJson(body), signal),
    close: () => agent.destroy(),
  };
}

function readAnswer(status: number, body: Buffer): unknown {
  if (status === 204) return undefined;
  const text = new TextDecoder("utf-8", { fatal: true });
  if (status === 200) return parseJson(text.decode(body));
  let message: unknown;
  try {
    message = (parseJson(body.toString("utf8")) as { readonly message?: unknown } | null)?.message;
  } catch {
    message = undefined;
  }
  throw fault(typeof message === "string" ? message : `it answered with status ${status}`);
}
