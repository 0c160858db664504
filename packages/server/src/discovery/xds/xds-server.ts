import type { DiscoveryDocument } from "@outrigger/pod";
import type { Logger } from "pino";

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
  // Most servers never need gRPC, which takes its time and memory.
  const { serveXds } = await import("./grpc-server.ts");
  return serveXds(options);
}
