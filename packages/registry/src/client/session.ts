import { setTimeout as sleep } from "node:timers/promises";
import { type BackOff, delayAfter, isOutriggerError, wordsOf } from "@outrigger/plugin";
import type { FindCredentials } from "../credentials/credentials.ts";
import { findDockerCredentials } from "../credentials/docker-config.ts";
import { registryErrors } from "../errors.ts";
import { createAuthorizer } from "./authorizer.ts";
import { createHttpClient, discard, type HttpAnswer, type HttpClient, type HttpRequest, readBody } from "./http-client.ts";
import { allowsPlain, hostOf, isLoopback, retryAfter } from "./places.ts";
import { refusal } from "./refusal.ts";

/** How registries are spoken to. */
export interface RegistryOptions {
  /** Hosts, with or without a port, that are asked without TLS; loopback is when it has none. */
  readonly plainHttp?: readonly string[];
  /** A PEM file of authorities that count beside the machine's own. */
  readonly caFile?: string;
  /** A folder like /etc/docker/certs.d, which is the default. */
  readonly certificates?: string;
  /** Default: what `docker login` and `podman login` have left. */
  readonly findCredentials?: FindCredentials;
  /** Milliseconds without a byte after which a connection is given up; default 60,000. */
  readonly idle?: number;
  /** Between attempts after a failure that may pass; default 500 ms, doubling up to 10 s. */
  readonly backOff?: BackOff;
  /** Attempts after the first; default 4. */
  readonly retries?: number;
  /** Milliseconds that a registry's Retry-After may ask for at most; default 60,000. */
  readonly mostPatience?: number;
  /** Blobs beyond this size in bytes are sent in pieces of this size; default: in one piece. */
  readonly chunkSize?: number;
  readonly signal?: AbortSignal;
}

/** One question to a registry. */
export interface Ask {
  readonly method: string;
  /** Beginning with `/v2/`, or an address that the registry gave. */
  readonly at: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpRequest["body"];
  readonly scopes: readonly string[];
  /** Statuses that are answers; all others are errors. */
  readonly expect: readonly number[];
  /** For messages, e.g. `the manifest 1.0 of tools/log`. */
  readonly what: string;
  /** False: the caller itself begins anew after a failure. */
  readonly retry?: boolean;
}

/** A registry that is spoken to: authorisation, redirects, retries, errors. */
export interface Session {
  readonly registry: string;
  readonly options: RegistryOptions;
  readonly ask: (ask: Ask) => Promise<HttpAnswer>;
  /** An address that the registry's answer gave. @throws registry-redirect where TLS would be left */
  readonly follow: (what: string, location: string | undefined, from: URL) => URL;
  /** Waits before the attempt after the `failures`th failure. */
  readonly wait: (failures: number, answer?: HttpAnswer) => Promise<void>;
  readonly retries: number;
  readonly close: () => void;
}

export function createSession(registry: string, options: RegistryOptions = {}): Session {
  const { plainHttp = [], idle = 60_000, retries = 4, mostPatience = 60_000, findCredentials = findDockerCredentials, signal } = options;
  const backOff = options.backOff ?? { first: 500, most: 10_000, atOnce: false };
  const http = createHttpClient({ idle, ...pick(options, "caFile", "certificates") });
  const authorizer = createAuthorizer({
    registry,
    http,
    plainHttp,
    findCredentials: (name) => findCredentials(name),
    ...pick(options, "signal"),
  });
  let base: Promise<URL> | undefined;
  const origin = (): Promise<URL> => {
    base ??= findOrigin(registry, plainHttp, http, signal).catch((error: unknown) => {
      base = undefined;
      throw error;
    });
    return base;
  };

  const wait = async (failures: number, answer?: HttpAnswer): Promise<void> => {
    const told = retryAfter(answer?.headers["retry-after"], Date.now());
    // All who failed together would come back together.
    const own = delayAfter(failures, backOff) * (0.75 + Math.random() / 2);
    await sleep(Math.min(mostPatience, Math.max(own, told ?? 0)), undefined, signal === undefined ? {} : { signal });
  };

  /** Sends with authorisation, and follows redirects; another origin gets no authorisation. */
  const send = async (ask: Ask): Promise<HttpAnswer> => {
    const home = await origin();
    let url = ask.at instanceof URL ? ask.at : new URL(ask.at, home);
    for (let hops = 0; ; hops += 1) {
      const answer = url.origin === home.origin ? await sendHome(ask, url) : await http.send(requestOf(ask, url, {}), signal);
      const { location } = answer.headers;
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      await discard(answer);
      if (hops >= 5) throw redirected(ask.what, "one address after another", "it does not end");
      if (answer.status < 307 && ask.body !== undefined) throw redirected(ask.what, "another address", "content is not sent on there");
      url = follow(ask.what, location, url);
    }
  };
  const sendHome = async (ask: Ask, url: URL): Promise<HttpAnswer> => {
    for (let tries = 0; ; tries += 1) {
      const authorization = await authorizer.header(ask.scopes);
      const answer = await http.send(requestOf(ask, url, authorization === undefined ? {} : { authorization }), signal);
      if (answer.status !== 401 || tries >= 2) return answer;
      if (!authorizer.learn(answer.headers["www-authenticate"], authorization, ask.scopes)) return answer;
      await discard(answer);
    }
  };
  const follow = (what: string, location: string | undefined, from: URL): URL => {
    const url = location === undefined ? null : URL.parse(location, from);
    if (url === null || !/^https?:$/.test(url.protocol)) throw redirected(what, "no address", "it can't be followed");
    const down = url.protocol === "http:" && (from.protocol === "https:" || !allowsPlain(url.host, plainHttp));
    if (down) throw redirected(what, url.origin, "it is without TLS");
    return url;
  };
  const redirected = (request: string, target: string, reason: string): Error =>
    registryErrors["registry-redirect"]({ registry, request, target, reason });

  return {
    registry,
    options,
    retries,
    follow,
    wait,
    close: http.close,
    ask: async (ask) => {
      for (let failures = 0; ; ) {
        let answer: HttpAnswer | undefined;
        try {
          answer = await send(ask);
        } catch (error) {
          signal?.throwIfAborted();
          if (isOutriggerError(error)) throw error;
          failures += 1;
          if (ask.retry === false || failures > retries || isFinal(error))
            throw registryErrors["registry-unreachable"]({ registry, reason: reasonOf(error) }, { cause: error });
        }
        if (answer !== undefined) {
          if (ask.expect.includes(answer.status)) return answer;
          const passing = answer.status === 429 || answer.status >= 500;
          failures += 1;
          if (!passing || ask.retry === false || failures > retries) {
            const body = await readBody(answer, 1 << 16).catch(() => undefined);
            throw refusal({ registry, request: ask.what, status: answer.status, body: body ?? Buffer.alloc(0) });
          }
          await discard(answer);
        }
        await wait(failures, answer);
      }
    },
  };
}

function requestOf({ method, headers, body }: Ask, url: URL, more: Readonly<Record<string, string>>): HttpRequest {
  return { method, url, headers: { ...headers, ...more }, ...(body === undefined ? {} : { body }) };
}

/** https, but where the user says otherwise; what is on loopback is asked by TLS first, and without when it speaks none. */
async function findOrigin(registry: string, plainHttp: readonly string[], http: HttpClient, signal: AbortSignal | undefined): Promise<URL> {
  const host = hostOf(registry);
  const [plain, secure] = [new URL(`http://${host}/`), new URL(`https://${host}/`)];
  if (!isLoopback(host)) return allowsPlain(host, plainHttp) ? plain : secure;
  try {
    await discard(await http.send({ method: "GET", url: new URL("/v2/", secure), headers: {} }, signal));
    return secure;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (/^(EPROTO|ECONNRESET|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/.test(code)) return plain;
    throw error;
  }
}

/** What would fail the same way again. */
function isFinal(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return /^(ENOTFOUND|ECONNREFUSED|CERT_|ERR_TLS_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_INVALID)/.test(code);
}

function reasonOf(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND") return "there is no such host";
  if (code === "ECONNRESET") return "the connection broke";
  if (/^(UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED)/.test(code)) return `its certificate is signed by nobody that this machine trusts (${code})`;
  // An AggregateError of several addresses has no words of its own.
  return wordsOf(error) || code || "the connection failed";
}

function pick<T extends object, K extends keyof T>(from: T, ...keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Pick<T, K>;
}
