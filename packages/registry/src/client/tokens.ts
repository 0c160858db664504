import { wordsOf } from "@outrigger/plugin";
import * as z from "zod";
import type { Credentials } from "../credentials/credentials.ts";
import { registryErrors } from "../errors.ts";
import { basicHeader, type Challenge } from "./challenge.ts";
import { type HttpAnswer, type HttpClient, readBody } from "./http-client.ts";
import { allowsPlain } from "./places.ts";
import { reasonIn } from "./refusal.ts";

export interface TokenRequest {
  readonly registry: string;
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  readonly http: HttpClient;
  readonly plainHttp: readonly string[];
  readonly signal?: AbortSignal;
}

export interface Token {
  readonly token: string;
  /** For how long it is good. */
  readonly seconds: number;
}

const answerField = z.looseObject({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});
const longest = 1 << 20;

/**
 * Asks the token server that a registry named (distribution, "Token Authentication" and "OAuth2"): by a form when there is somebody to ask as, else, and where
 * that is not known there, by GET. A server that refuses the class `repository(plugin)`, which dockerd sends, is asked without it.
 * @throws registry-unauthorized, registry-unreachable
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const realm = realmOf(request);
  let answer = await ask(request, realm, request.scopes);
  if (answer.status === 400 || answer.status === 403) {
    const plain = request.scopes.filter((scope) => !scope.startsWith("repository(plugin):"));
    if (plain.length > 0 && plain.length < request.scopes.length) {
      answer.body.destroy();
      answer = await ask(request, realm, plain);
    }
  }
  const body = (await readBody(answer, longest)) ?? Buffer.alloc(0);
  const failed = (reason: string): Error =>
    registryErrors["registry-unauthorized"]({ registry: request.registry, request: "an access token", reason });
  if (answer.status !== 200) throw failed(`${realm.host} answered ${answer.status}: ${reasonIn(body)}`);
  const parsed = answerField.safeParse(jsonOf(body));
  const token = parsed.data?.token || parsed.data?.access_token;
  if (!token || !/^[\x21-\x7e]+$/.test(token)) throw failed(`${realm.host} gave no token`);
  return { token, seconds: parsed.data?.expires_in ?? 60 };
}

async function ask(request: TokenRequest, realm: URL, scopes: readonly string[]): Promise<HttpAnswer> {
  const { credentials } = request;
  if (credentials === undefined) return get(request, realm, scopes);
  const answer = await post(request, realm, scopes, credentials);
  if (credentials.kind !== "password" || ![401, 404, 405, 501].includes(answer.status)) return answer;
  answer.body.destroy();
  return get(request, realm, scopes);
}

function get({ http, registry, challenge, credentials, signal }: TokenRequest, realm: URL, scopes: readonly string[]): Promise<HttpAnswer> {
  const url = new URL(realm);
  const service = challenge.parameters["service"];
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const who = credentials?.kind === "password" ? { authorization: basicHeader(credentials.username, credentials.password) } : {};
  return http
    .send({ method: "GET", url, headers: { accept: "application/json", ...who } }, signal)
    .catch((error) => unreachable(registry, realm, error));
}

function post(request: TokenRequest, realm: URL, scopes: readonly string[], credentials: Credentials): Promise<HttpAnswer> {
  const { http, registry, challenge, signal } = request;
  const grant: Readonly<Record<string, string>> =
    credentials.kind === "password"
      ? { grant_type: "password", username: credentials.username, password: credentials.password }
      : { grant_type: "refresh_token", refresh_token: credentials.token };
  const form = new URLSearchParams({
    client_id: "outrigger",
    service: challenge.parameters["service"] ?? "",
    scope: scopes.join(" "),
    ...grant,
  });
  const bytes = Buffer.from(form.toString());
  const headers = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(bytes.length),
  };
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return http.send({ method: "POST", url: realm, headers, body }, signal).catch((error) => unreachable(registry, realm, error));
}

/** The token server's address. Passwords go there, so it must be by TLS like the registry itself. */
function realmOf({ registry, challenge, plainHttp }: TokenRequest): URL {
  const url = URL.parse(challenge.parameters["realm"] ?? "");
  const fine = url?.protocol === "https:" || (url?.protocol === "http:" && allowsPlain(url.host, plainHttp));
  if (url !== null && fine) return url;
  throw registryErrors["registry-redirect"]({
    registry,
    request: "who asks for a token",
    target: url?.origin ?? "no address",
    reason: "credentials are not sent there",
  });
}

function unreachable(registry: string, realm: URL, error: unknown): never {
  throw registryErrors["registry-unreachable"]({ registry, reason: `its token server ${realm.host}: ${wordsOf(error)}` }, { cause: error });
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
