import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface DiscoveryServer {
  readonly port: number;
  readonly publish: (document: unknown) => void;
  /** Authorization headers of the requests so far. */
  readonly asked: () => readonly (string | undefined)[];
  /** Breaks all connections off and stops listening. */
  readonly kill: () => Promise<void>;
}

/** Serves one document as discovery does: an ETag, and a request that names it waits until there is another. */
export async function discoveryServer(document: unknown, port = 0): Promise<DiscoveryServer> {
  let version = 1;
  let current = document;
  let wake = (): void => {};
  let news = new Promise<void>((resolve) => (wake = resolve));
  const asked: (string | undefined)[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    const answer = async (): Promise<void> => {
      if (request.headers["if-none-match"] === `"${version}"`)
        await Promise.race([news, new Promise((resolve) => setTimeout(resolve, 60_000).unref())]);
      const tag = `"${version}"`;
      if (request.headers["if-none-match"] === tag) response.writeHead(304, { etag: tag }).end();
      else response.writeHead(200, { etag: tag, "content-type": "application/json" }).end(JSON.stringify(current));
    };
    void answer();
  });
  await new Promise<void>((resolve) => server.listen(port, "0.0.0.0", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    publish: (next) => {
      current = next;
      version += 1;
      wake();
      news = new Promise<void>((resolve) => (wake = resolve));
    },
    asked: () => asked,
    kill: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
