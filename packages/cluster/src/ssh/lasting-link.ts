import { setTimeout as sleep } from "node:timers/promises";
import { isOutriggerError, wordsOf } from "@outrigger/plugin";
import { clusterErrors } from "../errors.ts";
import type { Host } from "../model/host.ts";
import { type LoginMethods, loginMethods } from "./authentication.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { LinkLostError, openLink, type SshLink } from "./ssh-link.ts";

/** A link that is opened anew when it was lost. */
export interface LastingLink {
  readonly host: Host;
  /**
   * Does work that can be begun again: when the link is lost in the middle, `work` is called with the next one. Gives up after `patience` without a link, or
   * when the link was lost twenty times without any work being done.
   */
  readonly use: <T>(work: (link: SshLink) => Promise<T>, signal?: AbortSignal) => Promise<T>;
  readonly close: () => void;
}

const usualPatience = 300_000;
const longestPause = 10_000;
const mostLosses = 20;

/** Opens the first link; that one fails at once. @throws what {@link openLink} throws; ssh-key-unusable */
export async function openLastingLink(host: Host, options: ConnectOptions): Promise<LastingLink> {
  const patience = options.patience ?? usualPatience;
  const closing = new AbortController();
  const login = await loginMethods(host, options);
  let current: Promise<SshLink> = openLink(host, login, options);
  current.catch(() => undefined);
  watch(await current);

  function watch(link: SshLink): void {
    void link.ended.then((reason) => {
      if (closing.signal.aborted) return;
      options.onLink?.({ host, kind: "lost", reason });
      current = again(host, login, options, { patience, reason, signal: closing.signal });
      current.then(
        (next) => {
          options.onLink?.({ host, kind: "back" });
          watch(next);
        },
        () => undefined,
      );
    });
  }

  const use: LastingLink["use"] = async (work, signal) => {
    for (let losses = 1; ; losses += 1) {
      const link = await orAborted(current, signal);
      try {
        return await work(link);
      } catch (error) {
        if (!(error instanceof LinkLostError)) throw error;
        signal?.throwIfAborted();
        if (closing.signal.aborted || losses >= mostLosses) throw lostError(host, error.message, patience, error);
        // Until the loss is seen by `watch` as well, `current` is still the lost one.
        await link.ended;
      }
    }
  };
  const close = (): void => {
    closing.abort();
    current.then(
      (link) => link.close(),
      () => undefined,
    );
  };
  return { host, use, close };
}

interface Loss {
  readonly patience: number;
  readonly reason: string;
  readonly signal: AbortSignal;
}

/** Tries until `patience` is over; what no waiting mends (a changed host key, a wrong password) ends it at once. */
async function again(host: Host, login: LoginMethods, options: ConnectOptions, { patience, reason, signal }: Loss): Promise<SshLink> {
  const end = performance.now() + patience;
  let last: unknown;
  for (let pause = 200; ; pause = Math.min(pause * 2, longestPause)) {
    try {
      const left = end - performance.now();
      if (left <= 0) throw lostError(host, reason, patience, last);
      const connectTimeout = Math.min(options.connectTimeout ?? 15_000, Math.max(left, 1_000));
      const link = await openLink(host, login, { ...options, connectTimeout });
      if (signal.aborted) link.close();
      return link;
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error;
      last = error;
      await sleep(Math.max(0, Math.min(pause, end - performance.now())), undefined, { signal }).catch(() => undefined);
    }
  }
}

function isPassing(error: unknown): boolean {
  return isOutriggerError(error) && (error.code === "host-unreachable" || error.code === "ssh-protocol");
}

function lostError(host: Host, reason: string, patience: number, cause: unknown) {
  const last = cause === undefined || cause instanceof LinkLostError ? "" : `; lately: ${wordsOf(cause)}`;
  return clusterErrors["ssh-link-lost"]({ host: host.ip, reason: `${reason}${last}`, seconds: patience / 1000 }, { cause });
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  signal.throwIfAborted();
  const waiting = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { signal: waiting.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    waiting.abort();
  }
}
