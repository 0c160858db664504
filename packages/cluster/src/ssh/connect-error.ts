import { type OutriggerError, wordsOf } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";

/** How far logging in came, for messages. */
export interface LoginAttempts {
  readonly tried: string[];
  /** Methods that the host takes, once it has said so. */
  taken: readonly string[] | undefined;
  readonly leftOut: readonly string[];
}

export interface ConnectPlace {
  readonly host: Host;
  /** Milliseconds. */
  readonly timeout: number;
  readonly attempts: LoginAttempts;
}

const networkReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  EHOSTUNREACH: "no such machine answers",
  ENETUNREACH: "there is no way to its network",
  EHOSTDOWN: "the machine is down",
  ENOTFOUND: "it has no address",
};

/** What ssh2 says, as an error of ours: by its `level`, and by node's codes of sockets. */
export function connectError(error: unknown, { host, timeout, attempts }: ConnectPlace): OutriggerError {
  const { level, code } = (error ?? {}) as { readonly level?: string; readonly code?: unknown };
  const at = { host: host.ip, port: host.ssh.port, user: host.ssh.user };
  const context = { cause: error };
  const unreachable = (reason: string): OutriggerError => clusterErrors["host-unreachable"]({ ...at, reason }, context);
  if (level === "client-timeout") return unreachable(`no SSH connection within ${timeout / 1000} s`);
  if (typeof code === "string" && code in networkReasons) return unreachable(networkReasons[code] ?? code);
  if (code === "ETIMEDOUT") return unreachable("no answer");
  if (level === "client-authentication" || level === "agent")
    return clusterErrors["ssh-login-refused"]({ ...at, ...inWords(attempts) }, context);
  const words = wordsOf(error);
  if (/no matching/i.test(words)) return clusterErrors["ssh-algorithms"]({ host: host.ip, reason: words }, context);
  // sshd ends a connection after too many attempts, and when logging in takes too long.
  if (attempts.tried.length > 0) {
    const taken = attempts.taken === undefined ? {} : { taken: attempts.taken.join(", ") };
    return clusterErrors["ssh-login-refused"]({ ...at, ...inWords(attempts), ...taken }, context);
  }
  return clusterErrors["ssh-protocol"]({ ...at, reason: words }, context);
}

function inWords({ tried, taken, leftOut }: LoginAttempts): { readonly tried: string; readonly taken: string } {
  const nothing = "nothing, for there is no password, no key and no agent";
  const left = leftOut.length === 0 ? "" : `; left out: ${leftOut.join(", ")}`;
  return {
    tried: `${tried.length === 0 ? nothing : tried.join(", ")}${left}`,
    taken: taken === undefined || taken.length === 0 ? "it has not said" : taken.join(", "),
  };
}
