import { Agent } from "node:http";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { KubernetesAccess } from "./kubeconfig.ts";

/** Keeps TLS connections over streams that somebody else opens, e.g. SSH. Requests through it are those of `node:http`: the connection is encrypted already. */
export class TunnelAgent extends Agent {
  readonly #open: () => Promise<TLSSocket>;

  constructor(open: () => Promise<TLSSocket>, connections: number) {
    super({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections, scheduling: "lifo" });
    this.#open = open;
  }

  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): null {
    // On failure there is no stream, which Node's types have no word for.
    const failed = done as ((error: Error) => void) | undefined;
    this.#open().then(
      (socket) => done?.(null, socket),
      (error: Error) => failed?.(error),
    );
    return null;
  }
}

/** Waits for a stream that is being opened; one that comes too late is closed. */
export async function openedWithin(opening: Promise<Duplex>, timeout: number): Promise<Duplex> {
  let late = false;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late = true;
    reject(new TypeError(`no connection within ${timeout} ms`));
  }, timeout);
  opening.then(
    (stream) => late && stream.destroy(),
    () => undefined,
  );
  return await Promise.race([opening, promise]).finally(() => clearTimeout(timer));
}

/** Begins TLS on a stream, and checks that the other end is the server that `access` names. */
export async function encrypted(stream: Duplex, access: KubernetesAccess, timeout: number): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect({ ...tlsOptions(access), socket: stream });
  const timer = setTimeout(() => socket.destroy(new TypeError(`no TLS within ${timeout} ms`)), timeout);
  // Stays for the whole life of the socket: what breaks it while idle concerns nobody.
  socket.on("error", reject);
  stream.on("error", (error) => socket.destroy(error));
  stream.on("close", () => socket.destroy());
  socket.once("close", () => {
    stream.destroy();
    reject(new TypeError("the connection was closed before TLS was ready"));
  });
  socket.once("secureConnect", () => resolve(socket));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function tlsOptions({ server, authority, serverName, insecure, certificate, key }: KubernetesAccess): ConnectionOptions {
  const host = hostOf(server);
  return {
    host: serverName ?? host,
    // An address is checked against the certificate, but is no name to ask for (RFC 6066).
    ...(/^[\d.]+$|:/.test(serverName ?? host) ? {} : { servername: serverName ?? host }),
    minVersion: "TLSv1.2",
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: !insecure,
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  };
}

/** The name or address in a URL, without the brackets of IPv6. */
export function hostOf(server: URL): string {
  return server.hostname.replace(/^\[|\]$/g, "");
}
