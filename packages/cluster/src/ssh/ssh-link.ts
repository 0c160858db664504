import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type OutriggerError, wordsOf } from "@outrigger/plugin";
import ssh2, { type Client, type ClientChannel } from "ssh2";
import type { Host } from "../model/host.ts";
import { offeredAlgorithms } from "./algorithms.ts";
import type { LoginMethods } from "./authentication.ts";
import { connectError, type LoginAttempts } from "./connect-error.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { type HostKeyCheck, hostKeyCheck } from "./host-key-check.ts";

/** The connection ended while something still needed it. Never leaves this folder: either it comes back, or `ssh-link-lost` is raised. */
export class LinkLostError extends Error {}

/** A command that runs on a host. */
export interface HostSession {
  readonly channel: ClientChannel;
  /** Of the command, once the host has said it; undefined also where a signal ended it. */
  readonly exit: () => number | undefined;
  readonly closed: Promise<void>;
}

/** One SSH connection; when it is lost it stays so. */
export interface SshLink {
  /** Fulfilled with the reason when the connection has ended. */
  readonly ended: Promise<string>;
  /** A session that runs this command by the user's login shell; waits while there are many, unless it is `urgent`. @throws LinkLostError; the host's words when it refuses */
  readonly run: (command: string, urgent: boolean) => Promise<HostSession>;
  /** A TCP connection from the host. @throws LinkLostError; the host's words when it refuses */
  readonly forward: (address: string, port: number) => Promise<Duplex>;
  readonly close: () => void;
}

/** Sessions at once on one connection: sshd's MaxSessions is 10. Stopping a task finds room beside them. */
const sessionsAtOnce = 8;

/** Milliseconds for what is still to be sent when a link is closed. */
const closeTime = 1_000;

/** Connects and logs in. Nothing is sent to the host before its key is checked. @throws errors of connecting, see {@link connectError}; host-key-*; known-hosts-unusable */
export async function openLink(host: Host, login: LoginMethods, options: ConnectOptions): Promise<SshLink> {
  const check = hostKeyCheck(host, options);
  const client = new ssh2.Client();
  const socket = new Socket();
  socket.setNoDelay(true);
  const attempts: LoginAttempts = { tried: [], taken: undefined, leftOut: login.leftOut };
  let refusal: OutriggerError | undefined;
  const end: LinkEnd = { ...Promise.withResolvers<string>(), reason: undefined };
  let lastError: string | undefined;
  client.on("error", (error) => {
    lastError = wordsOf(error);
  });
  client.on("close", () => {
    // At once, for ssh2 then fails what was asked for as if the host had refused it.
    end.reason = lastError ?? "the host closed it";
    end.resolve(end.reason);
  });
  await new Promise<void>((resolve, reject) => {
    const timeout = options.connectTimeout ?? 15_000;
    // ssh2's own begins with the first byte only.
    const timer = setTimeout(() => fail(Object.assign(new TypeError("no answer"), { level: "client-timeout" })), timeout);
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(refusal ?? connectError(error, { host, timeout, attempts }));
    };
    client.once("ready", () => {
      clearTimeout(timer);
      client.removeListener("error", fail);
      resolve();
    });
    client.on("error", fail);
    client.once("close", () => fail(new TypeError("the host closed the connection")));
    // Before ssh2 is given it: it takes a socket that does not connect for one that is connected.
    socket.connect(host.ssh.port, host.ip);
    // After it, for connect() gives a socket its first `write` back.
    gatherWrites(socket);
    client.connect({
      sock: socket,
      host: host.ip,
      port: host.ssh.port,
      username: host.ssh.user,
      readyTimeout: 0,
      keepaliveInterval: options.keepalive ?? 5_000,
      keepaliveCountMax: 2,
      algorithms: offeredAlgorithms(check.knownTypes),
      hostVerifier: verifier(check, (error) => {
        refusal = error;
      }),
      authHandler: authHandler(login, attempts),
    });
  });
  return linkOf(client, socket, end);
}

/** ssh2 writes each packet by itself, in up to three pieces: what is written in one turn of the event loop goes out as one. */
function gatherWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (bytes: Uint8Array) => boolean;
  let corked = false;
  socket.write = (bytes: Uint8Array | string): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    return write(bytes as Uint8Array);
  };
}

function verifier(check: HostKeyCheck, refused: (error: OutriggerError) => void): (key: Buffer) => boolean {
  return (key) => {
    try {
      const error = check.refusal(key);
      if (error !== undefined) refused(error);
      return error === undefined;
    } catch (error) {
      refused(error as OutriggerError);
      return false;
    }
  };
}

function authHandler({ methods }: LoginMethods, attempts: LoginAttempts) {
  const left = [...methods];
  let first = true;
  return (taken: readonly string[] | null, _partial: boolean | null, next: (method: never) => void): void => {
    attempts.taken = taken ?? attempts.taken;
    // Asked for what it takes, so that nothing is tried in vain, and messages can say it.
    if (first && methods.length === 0) {
      first = false;
      next({ type: "none", username: "" } as never);
      return;
    }
    const method = left.shift();
    if (method !== undefined) attempts.tried.push(method.name);
    next((method?.method ?? false) as never);
  };
}

/** Milliseconds after which a session that sshd did not open is asked for again: it counts one that has closed for a moment longer than we do. */
const sessionPauses = [25, 50, 100, 200, 400, 800];

async function openPatiently(open: () => Promise<HostSession>): Promise<HostSession> {
  for (const pause of sessionPauses) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof Error && "reason" in error)) throw error;
      await sleep(pause);
    }
  }
  return open();
}

/** Listens at once: a command may have ended, and all of it have arrived, before anybody who waits for its beginning goes on. */
function sessionOf(channel: ClientChannel): HostSession {
  let exit: number | undefined;
  channel.on("exit", (code: number | null) => {
    exit = code ?? undefined;
  });
  const closed = new Promise<void>((resolve) => channel.once("close", () => resolve()));
  // A host may go while it is written to; how it ended is known by the channel's close.
  channel.on("error", () => undefined);
  return { channel, exit: () => exit, closed };
}

interface LinkEnd {
  readonly promise: Promise<string>;
  readonly resolve: (reason: string) => void;
  reason: string | undefined;
}

function linkOf(client: Client, socket: Socket, end: LinkEnd): SshLink {
  const lost = end.promise.then((reason) => Promise.reject<never>(new LinkLostError(reason)));
  lost.catch(() => undefined);
  const opening = async <T>(open: (done: (error: Error | undefined, value: T) => void) => void): Promise<T> => {
    if (end.reason !== undefined) throw new LinkLostError(end.reason);
    const opened = new Promise<T>((resolve, reject) => {
      try {
        open((error, value) => (error === undefined ? resolve(value) : reject(error)));
      } catch (error) {
        // The socket no longer takes anything, though it has not closed.
        reject(new LinkLostError(wordsOf(error)));
      }
    });
    try {
      return await Promise.race([opened, lost]);
    } catch (error) {
      throw end.reason === undefined ? error : new LinkLostError(end.reason);
    }
  };
  let sessions = 0;
  const waiting: (() => void)[] = [];
  const run = async (command: string, urgent: boolean): Promise<HostSession> => {
    if (sessions >= sessionsAtOnce && !urgent) await Promise.race([new Promise<void>((resolve) => waiting.push(resolve)), lost]);
    sessions += 1;
    const over = (): void => {
      sessions -= 1;
      waiting.shift()?.();
    };
    try {
      const session = await openPatiently(() =>
        opening((done) => client.exec(command, (error, channel) => done(error, channel === undefined ? channel : sessionOf(channel)))),
      );
      void session.closed.then(over);
      return session;
    } catch (error) {
      over();
      throw error;
    }
  };
  return {
    ended: end.promise,
    run,
    forward: (address, port) => opening((done) => client.forwardOut("127.0.0.1", 0, address, port, done)),
    close: () => {
      client.end();
      // Without waiting for the host to close it as well: it may be gone.
      socket.destroySoon();
      setTimeout(() => socket.destroy(), closeTime).unref();
    },
  };
}
