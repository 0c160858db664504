import { rm, stat } from "node:fs/promises";
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { connect } from "node:net";
import { wordsOf } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import type { PluginSource } from "../hooks/dispatcher.ts";
import { changeCreateContainer } from "./create-container.ts";
import { bodyOf, messageOf, readBody, respondError } from "./grpc.ts";
import { passThrough, type RawHeaders } from "./pass-through.ts";
import { createUpstreamSession, sessionMemory, type UpstreamSession } from "./upstream-session.ts";

export interface CriProxyOptions {
  /** `unix:///run/outrigger/cri.sock`; made for its owner alone, in place of one that nobody listens on. */
  readonly listen: string;
  /** The CRI runtime's socket, with or without `unix://`. */
  readonly upstream: string;
  readonly plugins: PluginSource;
}

export interface CriProxy {
  /** As it was asked for. */
  readonly url: string;
  /** Takes no new call, waits for those that run at most `graceMs`, then ends them. */
  readonly close: (graceMs?: number) => Promise<void>;
}

/** The kubelet's own limit for a message. */
const messageLimit = 16 * 1024 * 1024;
/** gRPC servers also take the path without its slash, which HTTP/2 lets through under other schemes than http. */
const hooked = /^\/?runtime\.v1(alpha2)?\.RuntimeService\/CreateContainer$/;

/**
 * Stands before a CRI runtime (HTTP/2 with prior knowledge on a unix socket). CreateContainer runs the plug-ins at `cri.preCreateContainer`;
 * every other call passes as bytes, and so does this one where they change nothing.
 * @throws cri-listen-failed
 */
export async function startCriProxy({ listen, upstream, plugins }: CriProxyOptions): Promise<CriProxy> {
  const [path, upstreamPath] = [socketPath(listen), socketPath(upstream)];
  await removeStale(path);
  const session = createUpstreamSession(upstreamPath);
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer({ maxSessionMemory: sessionMemory });
  let calls = 0;
  server.on("session", (client) => {
    sessions.add(client);
    client.on("error", () => undefined);
    client.once("close", () => sessions.delete(client));
  });
  server.on("stream", (stream: ServerHttp2Stream, headers, _, raw) => {
    calls += 1;
    const incoming = { stream, headers: raw as unknown as RawHeaders };
    if (!hooked.test(headers[":path"] ?? "")) return passThrough(incoming, session.get(), upstreamPath);
    const parts = { stream, headers, raw: incoming.headers, requestId: `cri-${calls}`, listen, upstreamPath, plugins, session };
    createContainer(parts).catch((error: unknown) => respondError(stream, error));
  });
  await listenOn(server, path);
  return { url: listen, close: (graceMs = 5_000) => close(server, sessions, session, graceMs) };
}

interface CreateContainerCall {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly raw: RawHeaders;
  readonly requestId: string;
  readonly listen: string;
  readonly upstreamPath: string;
  readonly plugins: PluginSource;
  readonly session: UpstreamSession;
}

async function createContainer(parts: CreateContainerCall): Promise<void> {
  const { stream, headers, raw, requestId, listen, upstreamPath, plugins, session } = parts;
  const gone = new AbortController();
  stream.once("close", () => gone.abort());
  stream.on("error", () => undefined);
  const body = await readBody(stream, messageLimit + 5);
  const { dispatcher, release } = plugins.lease();
  try {
    const message = await messageOf(body, headers, messageLimit);
    const client = async () => ({ listener: listen, user: null });
    const changed = await changeCreateContainer(message, dispatcher, { requestId, client, apiVersion: null, signal: gone.signal });
    passThrough({ stream, headers: raw, body: changed === undefined ? body : bodyOf(changed) }, session.get(), upstreamPath);
  } finally {
    release();
  }
}

/** Only sockets; loopback or not, CRI gives root. */
function socketPath(text: string): string {
  const path = text.replace(/^unix:\/\//, "");
  if (!path.startsWith("/")) throw engineErrors["cri-listen-failed"]({ address: text, reason: "it is no unix:///PATH" });
  return path;
}

async function removeStale(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  const refuse = (reason: string): Error => engineErrors["cri-listen-failed"]({ address: path, reason });
  if (!found.isSocket()) throw refuse("something else than a socket is there");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path, () => resolve(true)).on("error", () => resolve(false));
  const answers = await promise;
  socket.destroy();
  if (answers) throw refuse("another process listens there");
  await rm(path, { force: true });
}

/** The socket is made within the call to `listen`, so that it never has another mode than 0600. */
async function listenOn(server: Http2Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const before = process.umask(0o177);
  server.once("error", reject).listen(path, resolve);
  process.umask(before);
  try {
    await promise;
  } catch (error) {
    throw engineErrors["cri-listen-failed"]({ address: path, reason: wordsOf(error) }, { cause: error });
  }
}

async function close(server: Http2Server, sessions: Set<ServerHttp2Session>, upstream: UpstreamSession, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  for (const session of sessions) session.close();
  const timer = setTimeout(() => {
    for (const session of sessions) session.destroy();
  }, graceMs);
  await promise;
  clearTimeout(timer);
  upstream.close();
}
