import type { Credentials, FindCredentials } from "../credentials/credentials.ts";
import { basicHeader, type Challenge, parseChallenges } from "./challenge.ts";
import type { HttpClient } from "./http-client.ts";
import { fetchToken } from "./tokens.ts";

/** Knows how one registry wants to be asked, and keeps its tokens. */
export interface Authorizer {
  /** The Authorization header for these scopes, from what is known so far. */
  readonly header: (scopes: readonly string[]) => Promise<string | undefined>;
  /** Learns from a 401. True when asking again with a new header makes sense. */
  readonly learn: (challenge: string | undefined, sent: string | undefined, scopes: readonly string[]) => boolean;
  /** True when there is somebody to ask as. */
  readonly known: () => Promise<boolean>;
}

export interface AuthorizerOptions {
  /** As references name it: `docker.io`. */
  readonly registry: string;
  readonly http: HttpClient;
  readonly findCredentials: FindCredentials;
  readonly plainHttp: readonly string[];
  readonly signal?: AbortSignal;
}

interface KeptToken {
  readonly header: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export function createAuthorizer({ registry, http, findCredentials, plainHttp, signal }: AuthorizerOptions): Authorizer {
  let challenge: Challenge | undefined;
  let asked: Promise<Credentials | undefined> | undefined;
  const tokens = new Map<string, Promise<KeptToken>>();
  /** Scopes that the registry itself has named, by those that we had: what is of other things is asked for, too. */
  const wanted = new Map<string, string>();

  const credentials = (): Promise<Credentials | undefined> => {
    asked ??= findCredentials(registry);
    return asked;
  };
  const bearer = async (realm: Challenge, key: string): Promise<string> => {
    const kept = await tokens.get(key);
    if (kept !== undefined && kept.until > Date.now()) return kept.header;
    const own = key.split(" ").filter(Boolean);
    const resource = (scope: string): string => scope.slice(0, scope.lastIndexOf(":"));
    const more = (wanted.get(key) ?? "")
      .split(" ")
      .filter((scope) => scope !== "" && !own.some((each) => resource(each) === resource(scope)));
    const scopes = [...own, ...more];
    const fetched = credentials()
      .then((who) => fetchToken({ registry, challenge: realm, scopes, credentials: who, http, plainHttp, ...(signal ? { signal } : {}) }))
      .then(({ token, seconds }) => ({ header: `Bearer ${token}`, until: Date.now() + Math.max(5, seconds - 10) * 1000 }));
    tokens.set(key, fetched);
    fetched.catch(() => tokens.delete(key));
    return (await fetched).header;
  };

  return {
    known: async () => (await credentials()) !== undefined,
    header: async (scopes) => {
      if (challenge === undefined) return undefined;
      const who = await credentials();
      if (challenge.scheme === "basic") return who?.kind === "password" ? basicHeader(who.username, who.password) : undefined;
      if (who?.kind === "registry-token") return `Bearer ${who.token}`;
      return bearer(challenge, scopes.join(" "));
    },
    learn: (header, sent, scopes) => {
      const challenges = parseChallenges(header ?? "");
      const found = challenges.find(({ scheme }) => scheme === "bearer") ?? challenges.find(({ scheme }) => scheme === "basic");
      if (found === undefined || (found.scheme === "basic" && sent?.startsWith("Basic ") === true)) return false;
      challenge = found;
      const key = scopes.join(" ");
      if (found.parameters["scope"] !== undefined) wanted.set(key, found.parameters["scope"]);
      // A token that was not taken is not used again.
      if (sent !== undefined) tokens.delete(key);
      return true;
    },
  };
}
