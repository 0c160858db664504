import { once } from "node:events";
import { Agent, createServer, type IncomingHttpHeaders, type RequestListener, request, type Server } from "node:http";
import { connect, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import type { Ending } from "./gateway.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface CallOptions {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The caller's own address, any of 127.0.0.0/8. */
  readonly from?: string;
  /** Absent: a connection of its own. */
  readonly agent?: Agent;
}

/** Calls loopback over HTTP/1.1. @throws Error where no answer comes */
export function call(port: number, { path = "/", method = "GET", headers = {}, body, from, agent }: CallOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, path, method, headers, agent: agent ?? false, ...(from === undefined ? {} : { localAddress: from }) },
      async (response) => {
        const chunks = await Array.fromAsync(response).catch(reject);
        if (chunks === undefined) return;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString("utf8") });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Statuses of `count` calls, one after the other. */
export async function statuses(port: number, count: number, options: CallOptions = {}): Promise<readonly number[]> {
  const found: number[] = [];
  for (let number = 0; number < count; number += 1) found.push((await call(port, options)).status);
  return found;
}

/** How often each body came in `count` calls, twenty at a time. */
export async function shares(port: number, count: number, options: CallOptions = {}): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const agent = new Agent({ keepAlive: true });
  let left = count;
  const caller = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      const { status, body } = await call(port, { agent, ...options });
      const key = status === 200 ? body : String(status);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 20 }, caller));
  agent.destroy();
  return counts;
}

export interface Backend {
  readonly port: number;
  /** Its port refuses from now on, and what is open is cut, as when a replica is killed. */
  readonly kill: () => void;
  /** Listens on the same port again. */
  readonly revive: () => Promise<void>;
}

/** An HTTP server of the test's own on loopback. */
export async function httpBackend(context: Ending, answer: RequestListener): Promise<Backend> {
  const server: Server = createServer(answer);
  server.keepAliveTimeout = 60_000;
  const port = await listening(server, 0);
  const kill = (): void => {
    server.close();
    server.closeAllConnections();
  };
  context.after(kill);
  return { port, kill, revive: async () => void (await listening(server, port)) };
}

/** An HTTP server that answers with a text. */
export function textBackend(context: Ending, text: string): Promise<Backend> {
  return httpBackend(context, (_, response) => response.end(text));
}

/** A TCP server that greets, then sends back what comes. */
export async function tcpBackend(context: Ending, greeting: string): Promise<{ readonly port: number }> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.write(greeting);
    socket.pipe(socket);
  });
  const port = await listening(server, 0);
  context.after(() => void server.close());
  return { port };
}

async function listening(server: TcpServer, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** The first bytes that a TCP server sends, or `closed`. */
export function greeting(port: number, from = "127.0.0.1"): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: from });
    const end = (text: string): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on("data", (bytes) => end(bytes.toString("utf8")));
    socket.on("error", () => end("closed"));
    socket.on("close", () => end("closed"));
  });
}
