import { chmodSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { wordsOf } from "@outrigger/plugin";
import { stringifyJson } from "@outrigger/sdk";
import type { TraceStore } from "../hooks/trace-store.ts";
import type { EnginePluginSource } from "../plugins/plugin-source.ts";

export interface ControlOptions {
  /** The unix socket to listen on; only its owner can use it. */
  readonly socket: string;
  readonly source: Pick<EnginePluginSource, "status" | "reload">;
  readonly traces: Pick<TraceStore, "list" | "get" | "follow">;
}

export interface Control {
  readonly close: () => Promise<void>;
}

/**
 * Lets the command line speak to the gateway: `GET /plugins`, `POST /reload` (answers when it is done), `GET /traces`, `GET /traces?follow` (a line of JSON each), `GET /traces/ID`.
 * A socket that a killed gateway left is removed; one that answers is not.
 */
export async function startControl({ socket, source, traces }: ControlOptions): Promise<Control> {
  if (!(await answers(socket))) rmSync(socket, { force: true });
  const server = createServer((request, response) => {
    const place = `${request.method} ${request.url}`;
    const id = /^GET \/traces\/([^/?]+)$/.exec(place)?.[1];
    const answer = async (): Promise<unknown> => {
      if (place === "GET /plugins") return source.status();
      if (place === "POST /reload") return source.reload();
      if (place === "GET /traces") return traces.list();
      return id === undefined ? undefined : traces.get(decodeURIComponent(id));
    };
    if (place === "GET /traces?follow") return follow(response, traces);
    answer().then(
      (value) => send(response, value === undefined ? 404 : 200, value ?? { message: "There is no such thing." }),
      (error: unknown) => send(response, 500, { message: wordsOf(error) }),
    );
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  const mask = process.umask(0o177);
  server.listen(socket, resolve);
  process.umask(mask);
  await listening;
  chmodSync(socket, 0o600);
  return {
    close: async () => {
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      server.close(() => close());
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(stringifyJson(value));
}

function follow(response: ServerResponse, traces: Pick<TraceStore, "follow">): void {
  response.writeHead(200, { "content-type": "application/jsonl" }).flushHeaders();
  const stop = traces.follow((trace) => response.write(`${stringifyJson(trace)}\n`));
  response.once("close", stop);
}

function answers(socket: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const connection = connect(socket);
  connection.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => connection.destroy());
}
