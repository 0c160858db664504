import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type HookId, hookIds, isOutriggerError, wordsOf } from "@outrigger/plugin";
import { parseJson, stringifyJson } from "../../json/lossless.ts";
import { callPlugin } from "../call-plugin.ts";
import { callRoute, type RouteSide } from "../call-route.ts";
import { describePlugin } from "../describe-plugin.ts";
import type { EnginePlugin } from "../engine-plugin.ts";
import type { Settings } from "../hook-context.ts";
import type { HookCall, RouteCall } from "../protocol.ts";
import type { RouteRequest, RouteResponse } from "../routes.ts";
import { logLine } from "./plugin-log.ts";

/** Serves the protocol of plug-ins for one plug-in on a unix socket; resolves once it listens. */
export async function servePlugin(plugin: EnginePlugin, socket: string): Promise<Server> {
  let settings: Settings = {};
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const place = `${request.method} ${request.url}`;
    if (place === "GET /v1/plugin") return describePlugin(plugin);
    const body: unknown = parseJson(await textOf(request));
    if (place === "POST /v1/settings") {
      settings = body as Settings;
      await plugin.setUp?.({ settings, log: logLine });
      return undefined;
    }
    const over = new AbortController();
    const live = (deadline: number): { settings: Settings; signal: AbortSignal; log: typeof logLine } => {
      const timer = setTimeout(() => over.abort(), deadline);
      response.once("close", () => {
        clearTimeout(timer);
        over.abort();
      });
      return { settings, signal: over.signal, log: logLine };
    };
    const hook = /^POST \/v1\/hooks\/(.+)$/.exec(place)?.[1];
    if (hook !== undefined && hookIds.includes(hook as HookId)) {
      const { facts, deadline, input } = body as HookCall;
      return await callPlugin(plugin, { hook: hook as HookId, facts, input, ...live(deadline) });
    }
    const route = /^POST \/v1\/routes\/(\d+)\/(handle|request|response)$/.exec(place);
    if (route === null) return notFound;
    const { facts, deadline, request: asked, response: answered } = body as RouteCall;
    return await callRoute(plugin, Number(route[1]), route[2] as RouteSide, {
      facts,
      request: asked as RouteRequest,
      ...(answered === undefined ? {} : { response: answered as RouteResponse }),
      ...live(deadline),
    });
  };
  const server = createServer((request, response) => {
    answer(request, response).then(
      (value) => send(response, value),
      (error: unknown) => fail(response, error),
    );
  });
  // The gateway keeps its connections; it is not for the plug-in to end them.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(socket, resolve);
  await promise;
  return server;
}

const notFound: symbol = Symbol("not found");

function send(response: ServerResponse, value: unknown): void {
  if (value === undefined) return void response.writeHead(204).end();
  const text = value === notFound ? '{"message":"There is no such place."}' : stringifyJson(value);
  response
    .writeHead(value === notFound ? 404 : 200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    .end(text);
}

function fail(response: ServerResponse, error: unknown): void {
  const message = wordsOf(error);
  logLine(message, { level: "error", ...(error instanceof Error && !isOutriggerError(error) ? { stack: error.stack } : {}) });
  if (response.headersSent) return void response.destroy();
  const text = stringifyJson({ message });
  response.writeHead(500, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
}

function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
  request.on("error", reject);
  return promise;
}
