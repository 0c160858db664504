import { createServer, type Socket, type Server as TcpServer } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { DiscoveryDocument } from "@outrigger/pod";
import type { Logger } from "pino";
import { serverErrors } from "../../errors.ts";
import { plainAddress } from "./address.ts";
import { registerServices } from "./grpc-services.ts";
import type { Snapshot } from "./resources.ts";
import { translate } from "./translate.ts";
import type { XdsServer, XdsServerOptions } from "./xds-server.ts";

const grpcOptions = {
  // Envoy's first request lists its extensions; nothing that a client says is longer than that.
  "grpc.max_receive_message_length": 1_048_576,
  "grpc.max_concurrent_streams": 100,
  // Finds out about clients that went away without a word.
  "grpc.keepalive_time_ms": 60_000,
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc.enable_channelz": 0,
};

/** See startXdsServer. @throws address-unusable */
export async function serveXds({
  source,
  host,
  port,
  accepts,
  log,
  onRefused,
  connectionsPerAddress = 64,
}: XdsServerOptions): Promise<XdsServer> {
  const grpc = new Server(grpcOptions);
  registerServices(grpc, {
    source,
    log,
    snapshotOf: snapshots(log),
    refused(node, message) {
      log.warn({ node, reason: message }, "xDS: a client refuses what it was sent, and goes on with what it has");
      onRefused?.(node, message);
    },
  });
  // gRPC would look at the address only when a whole request has come.
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Map<Socket, string>();
  const tcp = createServer({ noDelay: true }, (socket) => {
    const address = plainAddress(socket.remoteAddress);
    const open = [...sockets.values()].filter((other) => other === address).length;
    if (address === undefined || !accepts(address) || open >= connectionsPerAddress) {
      log.debug({ address }, "xDS: a connection is closed: it comes from elsewhere, or is one too many");
      return socket.destroy();
    }
    sockets.set(socket, address);
    socket.once("close", () => sockets.delete(socket));
    return injector.injectConnection(socket);
  });
  await listen(tcp, host, port);
  const bound = tcp.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        tcp.close(() => resolve());
        grpc.forceShutdown();
        for (const socket of sockets.keys()) socket.destroy();
      }),
  };
}

/** Translates each document once, for all the clients that have the same. */
function snapshots(log: Logger): (document: DiscoveryDocument<string>, node: string) => Snapshot {
  const known = new WeakMap<DiscoveryDocument<string>, Snapshot>();
  return (document, node) => {
    const before = known.get(document);
    if (before !== undefined) return before;
    const problems = new Set<string>();
    const snapshot = translate(document, (problem) => problems.add(problem));
    if (problems.size > 0) log.warn({ node, problems: [...problems] }, "xDS: settings that can't be read count as not given");
    known.set(document, snapshot);
    return snapshot;
  };
}

function listen(server: TcpServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(serverErrors["address-unusable"]({ host, port, reason: cause.message }, { cause })));
    server.listen({ host, port, exclusive: true }, resolve);
  });
}
