import type { Socket } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { DiscoveryDocument } from "@outrigger/pod";
import type { Logger } from "pino";
import { registerServices } from "./grpc-services.ts";
import type { Snapshot } from "./resources.ts";
import { translate } from "./translate.ts";
import type { XdsServerOptions } from "./xds-server.ts";

const grpcOptions = {
  // Envoy's first request lists its extensions; nothing that a client says is longer than that.
  "grpc.max_receive_message_length": 1_048_576,
  "grpc.max_concurrent_streams": 100,
  // Finds out about clients that went away without a word.
  "grpc.keepalive_time_ms": 60_000,
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc.enable_channelz": 0,
};

/** The gRPC part of the server; connections are handed to it. */
export interface GrpcSide {
  readonly take: (socket: Socket) => void;
  /** Ends all streams at once. */
  readonly close: () => void;
}

export function createGrpcSide({ source, log, onRefused }: Pick<XdsServerOptions, "source" | "log" | "onRefused">): GrpcSide {
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
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  return { take: (socket) => injector.injectConnection(socket), close: () => grpc.forceShutdown() };
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
