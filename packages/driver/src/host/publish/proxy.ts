import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { wordsOf } from "@outrigger/plugin";
import { activation, limitOf, needsBody, refusalBody } from "./calls.ts";
import { answersWithPaths, outsideAnswer } from "./mountpoints.ts";

/** What stands behind a published socket. */
export interface Published {
  readonly name: string;
  /** Undefined while it is disabled: engines that don't know it need not meet it. */
  readonly types: () => readonly string[] | null | undefined;
  /** The driver's own socket. */
  readonly socket: () => string;
  /** True once it was removed: then it has no volumes, and an engine that lists all is not warned. */
  readonly isGone: () => boolean;
  /** Undefined when calls can be passed on, else why not. */
  readonly whyNot: () => Promise<string | undefined>;
  readonly toHost: (inside: string) => string | undefined;
  /** Told of every call that a driver has answered without an error. */
  readonly succeeded: (method: string, body: unknown) => void;
  /** Told when a call begins and ends. */
  readonly waiting: (change: 1 | -1) => void;
  /** Milliseconds for calls for which engines have no limit. */
  readonly callLimit: number;
}

const largestBody = 64 * 1024 * 1024;
const contentType = "application/vnd.docker.plugins.v1.2+json";

/** Serves one driver to engines, as a legacy plug-in that never is a dead socket. */
export function createProxy(published: Published): Server {
  const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, (incoming, answer) => {
    serve(published, incoming, answer).catch((error: unknown) => refuse(answer, `${published.name}: ${wordsOf(error)}`));
  });
  // An engine that reuses a connection just as it is closed sends its call again without a body; so idle ones stay open.
  server.keepAliveTimeout = 0;
  return server;
}

async function serve(published: Published, incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
  const method = (incoming.url ?? "").slice(1);
  const body = await readAll(incoming);
  const types = published.types();
  if (method === "Plugin.Activate" && types !== undefined) return send(answer, 200, `${JSON.stringify(activation(types))}\n`);
  if (body.length === 0 && needsBody(method))
    return refuse(answer, `${published.name}: ${method} came without its arguments, as an engine's second attempt does; nothing was done`);
  if (published.isGone() && method === "VolumeDriver.List") return send(answer, 200, '{"Volumes":[]}\n');
  const down = await published.whyNot();
  if (down !== undefined) return refuse(answer, `${published.name} does not run: ${down}`);
  published.waiting(1);
  try {
    await pass(published, method, incoming, body, answer);
  } finally {
    published.waiting(-1);
  }
}

/** Passes a call on once; whether it may be repeated is the engine's to know. */
async function pass(published: Published, method: string, incoming: IncomingMessage, body: Buffer, answer: ServerResponse): Promise<void> {
  const limit = limitOf(method, published.callLimit);
  const leaving = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    leaving.abort();
  }, limit);
  answer.once("close", () => leaving.abort());
  try {
    const response = await open(published.socket(), incoming, body, leaving.signal);
    if (method === "LogDriver.ReadLogs" && response.statusCode === 200) {
      clearTimeout(timer);
      return await stream(response, answer);
    }
    const bytes = await readAll(response);
    const status = response.statusCode ?? 502;
    const shown = status === 200 && answersWithPaths.includes(method) ? outsideAnswer(bytes, published.toHost) : bytes;
    if (shown === undefined) return refuse(answer, `${published.name} answered ${method} with a mount point that is no place inside it`);
    if (status === 200 && !hasError(bytes)) published.succeeded(method, readJson(body));
    send(answer, status, shown, response.headers["content-type"]);
  } catch (error) {
    if (answer.destroyed) return;
    refuse(
      answer,
      late
        ? `${published.name} did not answer ${method} within ${limit / 1000} s`
        : `${published.name} broke off ${method}: ${wordsOf(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function open(socketPath: string, incoming: IncomingMessage, body: Buffer, signal: AbortSignal): Promise<IncomingMessage> {
  const headers: Record<string, string | string[]> = { connection: "close" };
  for (const [name, values = []] of Object.entries(incoming.headersDistinct)) {
    if (!["connection", "keep-alive", "transfer-encoding", "content-length", "expect", "host"].includes(name)) headers[name] = values;
  }
  headers["host"] = incoming.headers.host ?? "";
  headers["content-length"] = String(body.length);
  return new Promise((resolve, reject) => {
    const options = { socketPath, method: incoming.method ?? "POST", path: incoming.url ?? "/", headers, agent: false as const, signal };
    request(options, resolve).once("error", reject).end(body);
  });
}

async function stream(response: IncomingMessage, answer: ServerResponse): Promise<void> {
  answer.writeHead(200, { "content-type": response.headers["content-type"] ?? "application/octet-stream" });
  answer.flushHeaders();
  for await (const piece of response) {
    if (!answer.write(piece)) await new Promise((resolve) => answer.once("drain", resolve).once("close", resolve));
    if (answer.destroyed) return;
  }
  answer.end();
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of message as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > largestBody) throw new RangeError(`more than ${largestBody} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function send(answer: ServerResponse, status: number, body: string | Buffer, type: string = contentType): void {
  answer.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}

function refuse(answer: ServerResponse, reason: string): void {
  if (answer.headersSent) answer.destroy();
  else send(answer, 500, refusalBody(reason));
}

/** Does an answer say that the call failed? */
function hasError(bytes: Buffer): boolean {
  const answer = readJson(bytes);
  if (typeof answer !== "object" || answer === null) return false;
  return Object.entries(answer).some(
    ([key, value]) => ["err", "error"].includes(key.toLowerCase()) && typeof value === "string" && value !== "",
  );
}

function readJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
