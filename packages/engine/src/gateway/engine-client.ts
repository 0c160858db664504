import { Agent, type IncomingMessage, request } from "node:http";
import { engineErrors } from "../errors.ts";
import { connectEngine } from "./engine-socket.ts";
import type { Upstream } from "./upstream.ts";

export interface EngineQuestion {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  /** `1.41`; absent: the engine's newest. */
  readonly version?: string | null;
  /** Without the version, encoded where need be: `/containers/web/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** The gateway's own questions to the engine; they pass no handler. */
export interface EngineClient {
  /** The answer's JSON; undefined where it has no body. @throws engine-refused for a status of 400 or more; upstream-unreachable */
  readonly ask: <Answer>(question: EngineQuestion) => Promise<Answer>;
  /** As `ask`, but undefined where the engine knows no such thing (404). */
  readonly find: <Answer>(question: EngineQuestion) => Promise<Answer | undefined>;
  /** The answer's body as it comes, e.g. of `/events`. @throws as `ask` */
  readonly stream: (question: EngineQuestion) => Promise<AsyncIterable<Buffer>>;
  readonly close: () => void;
}

/** A small client for an engine; it keeps its connections for the next question. */
export function createEngineClient(upstream: Upstream): EngineClient {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 8 });
  agent.createConnection = () => connectEngine(upstream);
  const open = async (question: EngineQuestion): Promise<IncomingMessage> => checked(await send(upstream, agent, question), question);
  return {
    ask: async (question) => read(await open(question)),
    find: async (question) => {
      const answer = await send(upstream, agent, question);
      if (answer.statusCode !== 404) return read(await checked(answer, question));
      answer.resume();
      return undefined;
    },
    stream: open,
    close: () => agent.destroy(),
  };
}

function send(upstream: Upstream, agent: Agent, question: EngineQuestion): Promise<IncomingMessage> {
  const { method = "GET", version, path, query = {}, body, signal } = question;
  const prefix = version === undefined || version === null ? "" : `/v${version}`;
  const parameters = new URLSearchParams(query).toString();
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      if (signal?.aborted === true) reject(error);
      else reject(engineErrors["upstream-unreachable"]({ upstream: upstream.text, reason: error.message }, { cause: error }));
    };
    const asked = request({
      agent,
      method,
      path: `${prefix}${path}${parameters === "" ? "" : `?${parameters}`}`,
      headers: { host: "docker", ...headers },
      ...(signal === undefined ? {} : { signal }),
    });
    asked.once("error", fail);
    asked.once("response", resolve);
    asked.end(text);
  });
}

async function checked(answer: IncomingMessage, { method = "GET", path }: EngineQuestion): Promise<IncomingMessage> {
  const { statusCode = 0 } = answer;
  if (statusCode < 400) return answer;
  throw refused(`${method} ${path}`, statusCode, await textOf(answer));
}

async function read<Answer>(answer: IncomingMessage): Promise<Answer> {
  const text = await textOf(answer);
  return (text === "" ? undefined : JSON.parse(text)) as Answer;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function refused(request: string, status: number, body: string): Error {
  return engineErrors["engine-refused"]({ request, status, reason: messageOf(body) });
}

function messageOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed) return String(parsed.message).trim();
  } catch {
    // Some answers are plain text.
  }
  return body.trim() === "" ? "no reason given" : body.trim();
}
