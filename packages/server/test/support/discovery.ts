import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createServer } from "node:net";
import type { DiscoveryDocument, Pod } from "@outrigger/pod";
import type { TestServer } from "./server.ts";

/** A port that is free on every address just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return address.port;
}

export interface Asked {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly document: DiscoveryDocument<string>;
}

export interface AskOptions {
  readonly path?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** The address to call from. */
  readonly from?: string;
}

/** Asks for settings as a pod would. */
export async function ask(host: string, port: number, path: string, options: AskOptions = {}): Promise<Asked> {
  const response = await open(host, port, path, options);
  const body = Buffer.concat(await Array.fromAsync(response)).toString();
  const json = (response.headers["content-type"] ?? "").includes("json");
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    document: json && body !== "" ? JSON.parse(body) : undefined,
  };
}

/** The same, without reading the answer. */
export async function open(
  host: string,
  port: number,
  path: string,
  { token, headers, method = "GET", from }: AskOptions = {},
): Promise<IncomingMessage> {
  const sent = request({
    host,
    port,
    path,
    method,
    agent: false,
    ...(from === undefined ? {} : { localAddress: from }),
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
  });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}

/** The text of the token that a plug-in's container would get. */
export async function tokenOf(server: TestServer, pod: Pod, plugin: string): Promise<string> {
  const variable = pod.containers.find(({ name }) => name === plugin)?.env.find(({ name }) => name === "DISCOVER_TOKEN");
  if (variable === undefined || !("secret" in variable)) throw new TypeError(`${plugin} has no token`);
  return (await server.engine.options?.secret(pod, variable.secret)) ?? "";
}
