import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProblemDocument } from "../../src/api/resources.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/index.ts";
import { type FakeEngine, fakeEngine } from "./fake-engine.ts";

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Send {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: the admin token's. Empty: none. */
  readonly token?: string;
}

export interface TestServer {
  readonly url: string;
  readonly dataDir: string;
  readonly engine: FakeEngine;
  readonly adminToken: string;
  /** Paths start after /api/v1. */
  readonly send: <T = unknown>(method: string, path: string, options?: Send) => Promise<Answer<T>>;
  readonly refused: (status: number, code: string, method: string, path: string, options?: Send) => Promise<ProblemDocument>;
  /** Stops it, and starts it again on the same data. */
  readonly restart: (options?: Partial<ServerOptions>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A server with a folder of its own; both are gone when the test ends. */
export async function testServer(
  context: Pick<TestContext, "after">,
  options: Partial<ServerOptions> = {},
  folder: string = mkdtempSync(join(tmpdir(), "outrigger-server-")),
): Promise<TestServer> {
  const dataDir = join(folder, "data");
  const engine = fakeEngine();
  const start = (more: Partial<ServerOptions>): Promise<RunningServer> =>
    startServer({ dataDir, port: 0, runtime: engine.runtime, images: engine.images, logLevel: "silent", ...options, ...more });
  let running: RunningServer | undefined = await start({});
  const stop = async (): Promise<void> => {
    await running?.close();
    running = undefined;
  };
  context.after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const adminToken = readFileSync(join(dataDir, "admin-token"), "utf8").trim();
  const url = (): string => running?.url ?? "http://stopped";
  const send = <T>(method: string, path: string, { body, headers, token }: Send = {}): Promise<Answer<T>> =>
    request(method, `${url()}/api/v1${path}`, token ?? adminToken, body, headers);
  return {
    get url() {
      return url();
    },
    dataDir,
    engine,
    adminToken,
    send,
    refused: async (status, code, method, path, options) => {
      const answer = await send<ProblemDocument>(method, path, options);
      const text = JSON.stringify(answer.body);
      if (answer.status !== status || answer.body.code !== code) throw new TypeError(`${method} ${path}: ${answer.status} ${text}`);
      if (!(answer.headers.get("content-type") ?? "").startsWith("application/problem+json"))
        throw new TypeError(`no problem document: ${text}`);
      return answer.body;
    },
    restart: async (more = {}) => {
      await stop();
      running = await start(more);
    },
    stop,
  };
}

async function request<T>(
  method: string,
  url: string,
  token: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<T>> {
  const raw = body instanceof Uint8Array || typeof body === "string";
  const type = body === undefined ? {} : { "content-type": raw ? "application/x-tar" : "application/json" };
  const answer = await fetch(url, {
    method,
    headers: { ...type, ...(token === "" ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = (answer.headers.get("content-type") ?? "").includes("json");
  return { status: answer.status, headers: answer.headers, body: (json && text !== "" ? JSON.parse(text) : text) as T };
}

/** Waits until `check` gives something. */
export async function until<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
  seconds = 10,
): Promise<T> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(10)) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
  }
  throw new TypeError(`waited ${seconds} s for ${what}`);
}
