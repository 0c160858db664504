import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { KubernetesAnswer, KubernetesRequest } from "@outrigger/sdk";
import type { KubernetesAccess } from "./kubeconfig.ts";
import type { TunnelAgent } from "./tunnel-agent.ts";

const mostBytes = 64 * 1024 * 1024;

const patchTypes = {
  merge: "application/merge-patch+json",
  "strategic-merge": "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** An answer with what its head says about trying again. */
export interface RawAnswer extends KubernetesAnswer {
  /** Seconds. */
  readonly retryAfter?: number;
}

/** No answer came. `sent`: the server may have got the request. */
export class NoAnswer extends Error {
  readonly sent: boolean;
  /** It went over a connection that had been used before, which the other end may just have closed. */
  readonly reused: boolean;

  constructor(cause: Error, sent: boolean, reused: boolean) {
    super(cause.message, { cause });
    this.sent = sent;
    this.reused = reused;
  }
}

/** Sends one request. @throws NoAnswer; the signal's reason */
export async function sendRequest(
  agent: TunnelAgent,
  { server, token }: KubernetesAccess,
  { method, path, body, patch }: KubernetesRequest,
  { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
): Promise<RawAnswer> {
  signal?.throwIfAborted();
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers: Record<string, string> = { host: server.host, accept: "application/json", "user-agent": "outrigger" };
  if (content !== undefined) {
    headers["content-type"] = method === "PATCH" ? patchTypes[patch ?? "merge"] : "application/json";
    headers["content-length"] = String(content.byteLength);
  }
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  let sent = false;
  const sending = httpRequest({ agent, method, path: `${server.pathname.replace(/\/$/, "")}${path}`, headers });
  // Rejected first: after the head of an answer, the request's own error would be a plain "aborted".
  const end = (error: Error): void => {
    reject(new NoAnswer(error, sent, false));
    sending.destroy(error);
  };
  const stop = (): void => end(new TypeError("cancelled"));
  let timer: NodeJS.Timeout | undefined;
  signal?.addEventListener("abort", stop, { once: true });
  // From here on, not before: a request may have waited long for a connection.
  sending.once("socket", () => {
    sent = true;
    timer = setTimeout(() => end(new TypeError(`no answer within ${timeout} ms`)), timeout);
  });
  sending.on("error", (error) => reject(new NoAnswer(error, sent, sending.reusedSocket)));
  sending.on("response", (response) => {
    const pieces: Buffer[] = [];
    let size = 0;
    response.on("data", (piece: Buffer) => {
      size += piece.byteLength;
      pieces.push(piece);
      if (size > mostBytes) end(new TypeError("its answer is larger than 64 MiB"));
    });
    response.on("error", (error) => reject(new NoAnswer(error, true, false)));
    response.on("end", () => resolve(answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(pieces).toString("utf8"))));
  });
  sending.end(content);
  try {
    return await promise;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function answerOf(status: number, headers: IncomingHttpHeaders, text: string): RawAnswer {
  const seconds = headers["retry-after"];
  const retryAfter = seconds !== undefined && /^\d{1,6}$/.test(seconds) ? { retryAfter: Number(seconds) } : {};
  return { status, body: parsed(text), ...retryAfter };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
