import type { Socket } from "node:net";
import { ClientConnection, type ConnectionContext } from "./client-connection.ts";
import { EnginePool } from "./engine-pool.ts";
import type { Intercept } from "./exchange.ts";
import { identityOf } from "./identity.ts";
import type { Listener } from "./listener.ts";
import { type OpenListener, openListener } from "./open-listener.ts";
import type { Upstream } from "./upstream.ts";

export interface GatewayOptions {
  readonly listen: readonly Listener[];
  readonly upstream: Upstream;
  readonly intercept: Intercept;
  /** Plain TCP beyond loopback, where the listener says so too. */
  readonly allowInsecure?: boolean;
  /** Milliseconds for a TLS handshake; default 30,000. */
  readonly handshakeTimeout?: number;
  /** Milliseconds from a head's first byte to its last; default 30,000. Nothing else has a time-out. */
  readonly headTimeout?: number;
  /** Asked for each connection that speaks HTTP/2 from its first byte: `tunnel` only where nobody's handler would be passed by. Default: refuse. */
  readonly http2PriorKnowledge?: () => "tunnel" | "refuse";
  /** A handler failed with something other than an OutriggerError; the client was told of a failure only. */
  readonly onHandlerError?: (error: unknown, requestId: string) => void;
}

export interface Gateway {
  /** Where it listens, in the listeners' order: `unix:///path`, `tcp://127.0.0.1:41234`. */
  readonly addresses: readonly string[];
  /** Clients that are connected now, tunnels included. */
  readonly connections: () => number;
  /** Accepts nobody more, lets requests and raw streams end for so many milliseconds (default 10,000), then closes what is left. */
  readonly drain: (grace?: number) => Promise<void>;
}

/**
 * A gateway before a container engine: what nobody intercepts passes as it came.
 *
 * @throws listener-insecure, listener-failed; then nothing is listened on
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { listen, upstream, allowInsecure = false, handshakeTimeout = 30_000 } = options;
  const pool = new EnginePool(upstream);
  const connections = new Set<ClientConnection>();
  let draining = false;
  let onEmpty = (): void => {};
  const context = contextOf(options, pool, () => draining);
  const onConnection = (socket: Socket, listener: Listener): void => {
    const connection = new ClientConnection(socket, identityOf(socket, listener), context);
    connections.add(connection);
    socket.once("close", () => {
      connections.delete(connection);
      if (connections.size === 0) onEmpty();
    });
  };
  const opened: OpenListener[] = [];
  const stopListening = (): void => {
    for (const { server, cleanUp } of opened) {
      cleanUp();
      server.close();
    }
  };
  try {
    for (const listener of listen) opened.push(...(await openListener(listener, { allowInsecure, handshakeTimeout, onConnection })));
  } catch (error) {
    stopListening();
    throw error;
  }
  const drain = async (grace = 10_000): Promise<void> => {
    if (!draining) stopListening();
    draining = true;
    for (const connection of connections) if (connection.isIdle) connection.socket.destroy();
    const timer = setTimeout(() => {
      for (const connection of connections) connection.socket.destroy();
    }, grace);
    await new Promise<void>((resolve) => {
      onEmpty = resolve;
      if (connections.size === 0) resolve();
    });
    clearTimeout(timer);
    pool.close();
  };
  return { addresses: opened.map(({ address }) => address), connections: () => connections.size, drain };
}

function contextOf(options: GatewayOptions, pool: EnginePool, isDraining: () => boolean): ConnectionContext {
  let count = 0;
  return {
    pool,
    intercept: options.intercept,
    nextId: () => (++count).toString(36).padStart(6, "0"),
    headTimeout: options.headTimeout ?? 30_000,
    http2PriorKnowledge: options.http2PriorKnowledge ?? (() => "refuse"),
    isDraining,
    onHandlerError: options.onHandlerError ?? (() => {}),
  };
}
