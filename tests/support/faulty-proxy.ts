import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";

/** What goes wrong with one request. */
export interface Fault {
  /** Answers this without asking the registry. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Breaks the connection after so many bytes of the answer's body. */
  readonly cutAnswerAt?: number;
  /** Breaks both connections after so many bytes of the request's body have reached the registry. */
  readonly cutRequestAt?: number;
  /** Changes the answer's bytes. */
  readonly alter?: (piece: Buffer) => Buffer;
  /** Changes the answer's headers. */
  readonly alterHeaders?: (headers: Record<string, string | string[] | undefined>) => void;
  /** Says what was asked for but never answers. */
  readonly silent?: true;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

export interface FaultyProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly seen: readonly SeenRequest[];
}

/** A proxy before a registry that breaks what `fault` says; gone when the test ends. */
export async function faultyProxy(
  context: TestContext,
  target: string,
  fault: (seen: SeenRequest, before: readonly SeenRequest[]) => Fault | undefined,
): Promise<FaultyProxy> {
  const seen: SeenRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    incoming.on("error", () => {});
    const asked = { method: incoming.method ?? "", url: incoming.url ?? "", headers: incoming.headers };
    const chosen = fault(asked, seen) ?? {};
    seen.push(asked);
    if (chosen.silent === true) return;
    if (chosen.status !== undefined) {
      outgoing.writeHead(chosen.status, chosen.headers).end(chosen.body ?? "");
      return;
    }
    pass(target, incoming, outgoing, chosen);
  });
  return { host: await listen(context, server), seen };
}

function pass(target: string, incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault): void {
  const [host, port] = target.split(":");
  const upstream = request({ host, port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
    const headers = { ...answer.headers };
    fault.alterHeaders?.(headers);
    outgoing.writeHead(answer.statusCode ?? 500, headers);
    let passed = 0;
    answer.on("data", (piece: Buffer) => {
      const changed = fault.alter?.(piece) ?? piece;
      const cut = (fault.cutAnswerAt ?? Number.POSITIVE_INFINITY) - passed;
      passed += changed.length;
      if (changed.length < cut) return outgoing.write(changed);
      // What has been written must have left before the connection breaks.
      return outgoing.write(changed.subarray(0, cut), () => outgoing.socket?.destroy());
    });
    answer.on("end", () => outgoing.end()).on("error", () => outgoing.destroy());
  });
  upstream.on("error", () => outgoing.destroy());
  let sent = 0;
  incoming.on("data", (piece: Buffer) => {
    const cut = (fault.cutRequestAt ?? Number.POSITIVE_INFINITY) - sent;
    sent += piece.length;
    if (piece.length < cut) upstream.write(piece);
    else if (cut >= 0)
      upstream.write(piece.subarray(0, cut), () => {
        upstream.destroy();
        incoming.socket.destroy();
      });
  });
  incoming.on("end", () => upstream.end());
}

/** Listens on a free port of loopback until the test ends. */
export async function listen(context: TestContext, server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
