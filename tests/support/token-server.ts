import { createSign, randomUUID, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { TestContext } from "node:test";
import type { TestCertificates } from "./certificates.ts";
import { listen } from "./faulty-proxy.ts";

export interface AskedToken {
  readonly method: string;
  readonly fields: URLSearchParams;
  readonly authorization: string | undefined;
}

export interface TokenServer {
  /** The registry's `auth` section. */
  readonly auth: object;
  readonly asked: readonly AskedToken[];
}

export interface TokenServerOptions {
  readonly post?: boolean;
  readonly seconds?: number;
  /** Refuses scopes of a class, e.g. `repository(plugin)`. */
  readonly refusesClasses?: boolean;
  /** Who may do what; by default `tester` may everything and nobody else anything. */
  readonly allows?: (asked: AskedToken) => boolean;
}

/** A token server whose tokens a docker-registry really checks (distribution, "Token Authentication"). */
export async function startTokenServer(
  context: TestContext,
  { certificate, key }: TestCertificates,
  { post = true, seconds = 300, refusesClasses = false, allows = mayTester }: TokenServerOptions = {},
): Promise<TokenServer> {
  const asked: AskedToken[] = [];
  const server = createServer((incoming, outgoing) => {
    void fieldsOf(incoming).then((fields) => {
      const now = { method: incoming.method ?? "", fields, authorization: incoming.headers.authorization };
      asked.push(now);
      if (now.method === "POST" && !post) return outgoing.writeHead(405).end();
      if (!allows(now)) return outgoing.writeHead(401).end(JSON.stringify({ details: "wrong user or password" }));
      if (refusesClasses && fields.getAll("scope").join(" ").includes("(")) return outgoing.writeHead(400).end("unknown resource type");
      const scopes = fields.getAll("scope").flatMap((each) => each.split(" "));
      const token = sign(scopes, seconds, certificate, key);
      return outgoing.writeHead(200).end(JSON.stringify({ token, expires_in: seconds }));
    });
  });
  const host = await listen(context, server);
  return {
    asked,
    auth: { token: { realm: `http://${host}/token`, service: "test registry", issuer: "test issuer", rootcertbundle: certificate } },
  };
}

export function mayTester({ method, fields, authorization }: AskedToken): boolean {
  if (method === "GET") return authorization === `Basic ${Buffer.from("tester:open sesame").toString("base64")}`;
  return (
    fields.get("refresh_token") === "a long token" || (fields.get("username") === "tester" && fields.get("password") === "open sesame")
  );
}

async function fieldsOf(incoming: IncomingMessage): Promise<URLSearchParams> {
  if (incoming.method === "GET") return new URL(incoming.url ?? "", "http://here").searchParams;
  return new URLSearchParams(Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>)).toString("utf8"));
}

function sign(scopes: readonly string[], seconds: number, certificate: string, key: string): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [, type, name, actions] = /^([^:]+):(.+):([^:]+)$/.exec(scope) ?? [];
    return { type: type?.replace(/\(.*\)/, ""), name, actions: actions?.split(",") };
  });
  const der = new X509Certificate(readFileSync(certificate)).raw.toString("base64");
  const header = { typ: "JWT", alg: "ES256", x5c: [der] };
  const claims = {
    iss: "test issuer",
    sub: "tester",
    aud: "test registry",
    exp: now + seconds,
    nbf: now - 10,
    iat: now,
    jti: randomUUID(),
    access,
  };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signature = createSign("sha256")
    .update(text)
    .sign({ key: readFileSync(key), dsaEncoding: "ieee-p1363" })
    .toString("base64url");
  return `${text}.${signature}`;
}
