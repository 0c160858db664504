import { createServer, type Server, type Socket } from "node:net";
import type { DiscoveryDocument } from "@outrigger/pod";
import type { Logger } from "pino";
import { serverErrors } from "../../errors.ts";
import { createDoor } from "../door.ts";
import type { GrpcSide } from "./grpc-server.ts";

export interface XdsRequest {
  /** What comes after a `~` in the client's node id is the replica's own, and left out. */
  readonly node: string;
  readonly token: string | undefined;
  /** The caller's IP address. */
  readonly address: string;
}

export interface XdsSource {
  /**
   * The document as this caller would get it. As long as nothing changes, the same object saves work.
   *
   * @throws errors with a `status`: 401, 403, 404; others count as passing troubles
   */
  readonly read: (request: XdsRequest) => Promise<{ readonly revision: number; readonly document: DiscoveryDocument<string> }>;
  /** Calls back after each change until the signal aborts. */
  readonly watch: (node: string, onChange: () => void, signal: AbortSignal) => void;
}

export interface XdsServerOptions {
  readonly source: XdsSource;
  /** An IP address of this machine. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Connections from other addresses are closed before a byte is read. */
  readonly accepts: (address: string) => boolean;
  readonly log: Logger;
  /** A client would not have what it was sent, and goes on with what it has. */
  readonly onRefused?: (node: string, message: string) => void;
  /** Connections that one address may have; default 64. */
  readonly connectionsPerAddress?: number;
}

export interface XdsServer {
  readonly port: number;
  /** Ends all streams at once; clients keep what they have and come back by themselves. */
  readonly close: () => Promise<void>;
}

/**
 * Serves discovery to Envoy and to gRPC clients without a proxy, by xDS v3.
 *
 * @throws address-unusable
 */
export async function startXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const { host, port, accepts, log, connectionsPerAddress: perAddress = 64 } = options;
  const enter = createDoor({ accepts, perAddress });
  const sockets = new Set<Socket>();
  let grpc: Promise<GrpcSide> | undefined;
  // Paused, so that whoever takes the connection over gets every byte.
  const tcp = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
    if (enter(socket) === undefined) return;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // Most servers never need gRPC, which takes its time and memory: it comes with the first connection.
    grpc ??= import("./grpc-server.ts").then(({ createGrpcSide }) => createGrpcSide(options));
    grpc.then(
      (side) => {
        if (socket.destroyed) return;
        // Has the kernel's bytes come; none has yet when gRPC takes over in the same turn.
        socket.read(0);
        side.take(socket);
      },
      (error: unknown) => {
        log.error({ err: error }, "xDS can't be served");
        socket.destroy();
      },
    );
  });
  await listen(tcp, host, port);
  const bound = tcp.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    close: async () => {
      const closed = new Promise((resolve) => tcp.close(resolve));
      (await grpc?.catch(() => undefined))?.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(serverErrors["address-unusable"]({ host, port, reason: cause.message }, { cause })));
    server.listen({ host, port, exclusive: true }, resolve);
  });
}
