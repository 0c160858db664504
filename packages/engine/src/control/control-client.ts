import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { engineErrors } from "../errors.ts";
import type { RequestTrace } from "../hooks/trace-store.ts";
import type { EnginePluginSource, ReloadOutcome } from "../plugins/plugin-source.ts";

/** Speaks to a running gateway. Every call throws control-unreachable where none runs. */
export interface ControlClient {
  readonly status: () => ReturnType<EnginePluginSource["status"]>;
  readonly reload: () => Promise<ReloadOutcome>;
  readonly traces: () => Promise<readonly RequestTrace[]>;
  /** @throws trace-unknown */
  readonly trace: (id: string) => Promise<RequestTrace>;
  readonly follow: (signal: AbortSignal) => AsyncIterable<RequestTrace>;
}

export function controlClient(socket: string): ControlClient {
  const ask = async <Answer>(method: "GET" | "POST", path: string, missing?: () => Error): Promise<Answer> => {
    const response = await open(socket, method, path);
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString("utf8");
    if (response.statusCode === 200) return JSON.parse(text) as Answer;
    if (response.statusCode === 404 && missing !== undefined) throw missing();
    throw engineErrors["control-unreachable"]({ socket, reason: `it answered ${response.statusCode}: ${text}` });
  };
  return {
    status: () => ask("GET", "/plugins"),
    reload: () => ask("POST", "/reload"),
    traces: () => ask("GET", "/traces"),
    trace: (id) => ask("GET", `/traces/${encodeURIComponent(id)}`, () => engineErrors["trace-unknown"]({ id })),
    follow: async function* (signal) {
      const response = await open(socket, "GET", "/traces?follow", signal);
      try {
        for await (const line of createInterface({ input: response })) yield JSON.parse(line) as RequestTrace;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

function open(socketPath: string, method: string, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asking = request({ socketPath, method, path, ...(signal === undefined ? {} : { signal }) }, resolve);
  asking.once("error", (error) =>
    reject(engineErrors["control-unreachable"]({ socket: socketPath, reason: error.message }, { cause: error })),
  );
  asking.end();
  return promise;
}
