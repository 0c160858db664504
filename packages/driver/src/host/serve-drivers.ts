import { openDriverHost } from "./driver-host.ts";
import type { HostParts } from "./host-parts.ts";
import { listenUnix } from "./publish/listen.ts";
import { createApiServer } from "./serve/api-server.ts";

/** A host that listens. */
export interface ServedDrivers {
  /** Stops listening; drivers go on running. */
  readonly close: () => Promise<void>;
}

/** Opens a host and serves its API on a Unix socket, for this user alone. @throws socket-taken, and what `openDriverHost` throws */
export async function serveDrivers(parts: HostParts, socket: string): Promise<ServedDrivers> {
  const host = await openDriverHost(parts);
  try {
    const server = createApiServer(host);
    const unlisten = await listenUnix(server, socket);
    return {
      close: async () => {
        unlisten();
        server.closeAllConnections();
        await host.close();
      },
    };
  } catch (error) {
    await host.close();
    throw error;
  }
}
