import { setTimeout as sleep } from "node:timers/promises";
import { delayAfter, wordsOf } from "@outrigger/plugin";
import { type KubernetesAnswer, type KubernetesClient, type KubernetesRequest, kubernetesClientOver } from "@outrigger/sdk";
import { clusterErrors } from "../errors.ts";
import type { HostConnection } from "../ssh/host-connection.ts";
import { findKubeconfig } from "./find-kubeconfig.ts";
import { gate } from "./gate.ts";
import type { KubernetesAccess } from "./kubeconfig.ts";
import { NoAnswer, type RawAnswer, sendRequest } from "./send-request.ts";
import { encrypted, hostOf, openedWithin, TunnelAgent } from "./tunnel-agent.ts";

export interface KubernetesOptions {
  /** The admin kubeconfig on the host: what create.sh said. Absent: the first of `usualKubeconfigs` that is there. */
  readonly kubeconfig?: string;
  /** Milliseconds for each attempt of a request; default 30,000. */
  readonly timeout?: number;
  /** Connections at once, each a channel of the host's SSH connection; default 8. */
  readonly connections?: number;
  /** True: a kubeconfig with `insecure-skip-tls-verify` is taken. */
  readonly insecure?: boolean;
  /** Ends requests that are under way, and their retries. */
  readonly signal?: AbortSignal;
}

/** A client that keeps connections open until it is closed. */
export interface ClusterKubernetes extends KubernetesClient {
  readonly close: () => Promise<void>;
}

const attempts = 6;
const backOff = { first: 100, most: 5_000, atOnce: false };
/** Seconds: a server that asks for more has given up. */
const longestWait = 60;

/**
 * The cluster's API through SSH. Nothing is done before the first request. What failed is asked again where that can't do a thing twice: what the server itself
 * wants later (409, 429 and 503 with Retry-After), GETs, and what was never sent.
 *
 * Requests fail with kubernetes-path-invalid, kubeconfig-missing, kubeconfig-invalid, kubernetes-unreachable.
 */
export function kubernetesOf(master0: HostConnection, options: KubernetesOptions = {}): ClusterKubernetes {
  const { timeout = 30_000, connections = 8, signal } = options;
  // Node's agent keeps to its own limit only where connections are there at once.
  const limited = gate(connections);
  let found: Promise<Way> | undefined;
  let way: Way | undefined;
  const find = async (): Promise<Way> => {
    const access = await findKubeconfig(master0, options);
    const open = async (): Promise<Awaited<ReturnType<typeof encrypted>>> => {
      const stream = await openedWithin(master0.openStream(hostOf(access.server), Number(access.server.port || 443)), timeout);
      return await encrypted(stream, access, timeout);
    };
    way = { access, agent: new TunnelAgent(open, connections) };
    return way;
  };
  const ask = async (request: KubernetesRequest): Promise<KubernetesAnswer> => {
    if (!/^\/[\x21-\x7e]*$/.test(request.path)) throw clusterErrors["kubernetes-path-invalid"]({ path: JSON.stringify(request.path) });
    // What has failed may be there later: nothing of a failure is kept.
    found ??= find().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    const { access, agent } = await found;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await limited(() => sendRequest(agent, access, request, { timeout, signal })).catch(noAnswer);
      const wait = attempt < attempts ? waitBefore(request, outcome, attempt) : undefined;
      if (wait !== undefined) await sleep(wait, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
      else if (outcome instanceof NoAnswer) throw unreachable(master0, access, outcome);
      else return { status: outcome.status, body: outcome.body };
    }
  };
  return {
    ...kubernetesClientOver(ask),
    close: async () => {
      way?.agent.destroy();
    },
  };
}

interface Way {
  readonly access: KubernetesAccess;
  readonly agent: TunnelAgent;
}

function noAnswer(error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  throw error;
}

/** Milliseconds until a request is sent again; undefined: it isn't. */
function waitBefore({ method, patch }: KubernetesRequest, outcome: RawAnswer | NoAnswer, attempt: number): number | undefined {
  const usual = delayAfter(attempt, backOff);
  if (outcome instanceof NoAnswer) {
    if (isAboutCertificates(outcome)) return undefined;
    const repeatable = method === "GET" || method === "PUT" || (method === "PATCH" && patch !== "json");
    return method === "GET" || !outcome.sent || (outcome.reused && repeatable) ? usual : undefined;
  }
  const { status, retryAfter } = outcome;
  if ([409, 429, 503].includes(status) && retryAfter !== undefined)
    return retryAfter > longestWait ? undefined : Math.max(retryAfter * 1_000, usual);
  return method === "GET" && [429, 502, 503, 504].includes(status) ? usual : undefined;
}

function isAboutCertificates({ cause }: NoAnswer): boolean {
  return cause instanceof Error && "code" in cause && /CERT|SIGNATURE|ERR_TLS|ERR_OSSL|ERR_SSL/.test(String(cause.code));
}

function unreachable({ host }: HostConnection, { server }: KubernetesAccess, cause: NoAnswer): Error {
  return clusterErrors["kubernetes-unreachable"]({ server: server.origin, host: host.ip, reason: wordsOf(cause) }, { cause });
}
