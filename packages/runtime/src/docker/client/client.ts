import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { runtimeErrors } from "../../errors.ts";
import { defaultEndpoint, parseEndpoint } from "./endpoint.ts";
import { refusal, unreachable } from "./refusal.ts";
import type { EngineVersion } from "./types.ts";

export interface CallOptions {
  /** Query parameters; objects are sent as JSON, undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | object | undefined>>;
  readonly body?: object | Readable;
  readonly headers?: OutgoingHttpHeaders;
  readonly signal?: AbortSignal;
}

/** A thin client of the Docker Engine API. Every failure is an error of this package's catalogue, or an AbortError. */
export interface DockerClient {
  /** As a person writes it, e.g. `unix:///var/run/docker.sock`. */
  readonly endpoint: string;
  readonly version: () => Promise<EngineVersion>;
  /** Sends, and reads the answer as JSON; undefined where it has no body. */
  readonly call: <T = undefined>(method: Method, path: string, options?: CallOptions) => Promise<T>;
  /** Sends, and gives the answer's body as it comes, on a connection of its own; leaving the loop over it ends it. */
  readonly stream: (method: Method, path: string, options?: CallOptions) => Promise<AsyncIterable<Buffer>>;
  readonly close: () => void;
}

export type Method = "GET" | "POST" | "PUT" | "DELETE" | "HEAD";

const oldestApi = "1.41";

/** A client of the engine at `host` (`unix:///path` or `tcp://LOOPBACK:PORT`; default DOCKER_HOST, then /var/run/docker.sock). */
export function createDockerClient(host: string = defaultEndpoint()): DockerClient {
  const { name, options: address } = parseEndpoint(host);
  const agent = new Agent({ keepAlive: true, timeout: 0 });
  let negotiated: Promise<EngineVersion> | undefined;

  const send = (method: Method, path: string, options: CallOptions, own: boolean): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { body, signal } = options;
      const raw = body === undefined || isReadable(body) ? undefined : JSON.stringify(body);
      const headers = { ...(raw === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(raw) }) };
      const outgoing = request({
        ...address,
        method,
        path: path + search(options.query),
        agent: own ? false : agent,
        headers: { host: "docker", ...headers, ...options.headers },
        ...(signal === undefined ? {} : { signal }),
      });
      let answered = false;
      outgoing.once("response", (response) => {
        answered = true;
        resolve(response);
      });
      outgoing.on("error", (cause: NodeJS.ErrnoException) => {
        if (answered) return;
        if (signal?.aborted === true) return reject(cause);
        // The engine may close an idle connection just as it is used again; nothing was answered, so it is asked once more.
        if (outgoing.reusedSocket && (body === undefined || raw !== undefined)) return resolve(send(method, path, options, true));
        reject(unreachable(name, cause));
      });
      if (body === undefined || raw !== undefined) outgoing.end(raw);
      else pipeline(body as Readable, outgoing).catch((cause: Error) => (answered ? undefined : outgoing.destroy(cause)));
    });

  const negotiate = async (): Promise<EngineVersion> => {
    const response = await send("GET", "/version", {}, false);
    const version = (await readJson(name, response)) as EngineVersion;
    if (compareVersions(version.ApiVersion, oldestApi) < 0)
      throw runtimeErrors["engine-too-old"]({ socket: name, found: version.ApiVersion });
    return version;
  };
  /** Asked once; after a failure, asked again at the next call. */
  const version = (): Promise<EngineVersion> => {
    negotiated ??= negotiate().catch((error: unknown) => {
      negotiated = undefined;
      throw error;
    });
    return negotiated;
  };

  const open = async (method: Method, path: string, options: CallOptions, own: boolean): Promise<IncomingMessage> => {
    const response = await send(method, `/v${apiOf(await version())}${path}`, options, own);
    if ((response.statusCode ?? 500) < 400) return response;
    throw refusal(`${method} ${path}`, response.statusCode ?? 500, (await readText(name, response)).trim());
  };

  return {
    endpoint: name,
    version,
    call: async <T>(method: Method, path: string, options: CallOptions = {}) =>
      (await readJson(name, await open(method, path, options, false), options.signal)) as T,
    stream: async (method, path, options = {}) => chunks(name, await open(method, path, options, true), options.signal),
    close: () => agent.destroy(),
  };
}

/** The oldest version that both sides speak: what was tested stays what is spoken. */
function apiOf(version: EngineVersion): string {
  const least = version.MinAPIVersion ?? oldestApi;
  return compareVersions(least, oldestApi) > 0 ? least : oldestApi;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  return (left[0] ?? 0) - (right[0] ?? 0) || (left[1] ?? 0) - (right[1] ?? 0);
}

function search(query: CallOptions["query"]): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(typeof value === "object" ? JSON.stringify(value) : String(value))}`],
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function isReadable(body: object): body is Readable {
  return "pipe" in body;
}

/** A body's chunks; a connection that breaks within it is one of our errors too. */
async function* chunks(endpoint: string, response: IncomingMessage, signal?: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (cause) {
    signal?.throwIfAborted();
    throw unreachable(endpoint, cause as NodeJS.ErrnoException);
  }
}

async function readText(endpoint: string, response: IncomingMessage, signal?: AbortSignal): Promise<string> {
  return Buffer.concat(await Array.fromAsync(chunks(endpoint, response, signal))).toString("utf8");
}

async function readJson(endpoint: string, response: IncomingMessage, signal?: AbortSignal): Promise<unknown> {
  const text = await readText(endpoint, response, signal);
  return response.headers["content-type"]?.startsWith("application/json") === true && text !== "" ? JSON.parse(text) : undefined;
}
