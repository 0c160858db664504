import { chmodSync, chownSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { wordsOf } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import { readTlsFiles } from "./addresses.ts";
import { type Listener, refuseInsecure, type TcpListener, type UnixListener } from "./listener.ts";

/** A server that listens. */
export interface OpenListener {
  readonly server: Server;
  /** Where: `unix:///path` or `tcp://127.0.0.1:41234`. */
  readonly address: string;
  /** Takes away what closing leaves behind. */
  readonly cleanUp: () => void;
}

export interface OpenOptions {
  readonly allowInsecure: boolean;
  /** Milliseconds for a TLS handshake. */
  readonly handshakeTimeout: number;
  readonly onConnection: (socket: Socket, listener: Listener) => void;
}

// A stream that one side has ended may go on in the other direction for hours.
const plainOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 } as const;

/** Listens; for `fd://` on every socket that systemd passed. @throws listener-insecure, listener-failed */
export async function openListener(listener: Listener, options: OpenOptions): Promise<readonly OpenListener[]> {
  try {
    if (listener.kind === "unix") return [await openUnix(listener, options)];
    if (listener.kind === "tcp") return [await openTcp(listener, options)];
    const opened: OpenListener[] = [];
    for (const fd of passedSockets()) opened.push(await openPassed(listener, fd, options));
    return opened;
  } catch (error) {
    if (error instanceof Error && "brand" in error) throw error;
    throw failed(listener, wordsOf(error));
  }
}

/**
 * The socket is made in a directory that only this user may enter, given its mode and group there, and then moved to its place in one step:
 * nobody can ever connect under other rights. The same step takes the place of a socket that a killed gateway left behind.
 */
async function openUnix(listener: UnixListener, options: OpenOptions): Promise<OpenListener> {
  const { path, mode, group } = listener;
  await refuseLive(listener);
  const folder = mkdtempSync(join(dirname(path), ".o"));
  try {
    const server = plainServer(listener, options);
    const temporary = join(folder, "s");
    await listening(server, () => server.listen(temporary));
    if (group !== undefined) chownSync(temporary, -1, groupId(listener, group));
    chmodSync(temporary, mode);
    const { ino } = statSync(temporary);
    renameSync(temporary, path);
    const cleanUp = (): void => {
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) unlinkSync(path);
    };
    return { server, address: `unix://${path}`, cleanUp };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function refuseLive(listener: UnixListener): Promise<void> {
  const there = lstatSync(listener.path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw failed(listener, "there is something that is not a socket");
  const isLive = await new Promise<boolean>((resolve) => {
    const probe = connect(listener.path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED" && code !== "ENOENT"));
  });
  if (isLive) throw failed(listener, "somebody listens there");
}

async function openTcp(listener: TcpListener, options: OpenOptions): Promise<OpenListener> {
  const { host, port, tls } = listener;
  refuseInsecure(listener, host, options.allowInsecure);
  const server = tls === undefined ? plainServer(listener, options) : tlsServer(listener, options);
  await listening(server, () => server.listen({ host, port }));
  return { server, address: addressOf(server), cleanUp: () => {} };
}

async function openPassed(listener: Listener, fd: number, options: OpenOptions): Promise<OpenListener> {
  const server = plainServer(listener, options);
  await listening(server, () => server.listen({ fd }));
  const address = server.address();
  try {
    if (typeof address === "object" && address !== null) refuseInsecure(listener, address.address, options.allowInsecure);
  } catch (error) {
    server.close();
    throw error;
  }
  return { server, address: addressOf(server), cleanUp: () => {} };
}

/** sd_listen_fds(3). */
function passedSockets(): readonly number[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count = "" } = process.env;
  const isOurs = pid === String(process.pid) && /^\d{1,3}$/.test(count) && Number(count) > 0;
  if (!isOurs) throw engineErrors["listener-failed"]({ listener: "fd://", reason: "systemd passed no sockets (LISTEN_FDS, LISTEN_PID)" });
  return Array.from({ length: Number(count) }, (_, index) => index + 3);
}

function plainServer(listener: Listener, { onConnection }: OpenOptions): Server {
  return createServer(plainOptions, (socket) => onConnection(socket, listener));
}

function tlsServer(listener: TcpListener, { handshakeTimeout, onConnection }: OpenOptions): Server {
  const files = listener.tls === undefined ? {} : readTlsFiles(listener.tls);
  const mutual = { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.2", handshakeTimeout } as const;
  return createTlsServer({ ...plainOptions, ...mutual, ...files }, (socket) => onConnection(socket, listener));
}

async function listening(server: Server, listen: () => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", resolve);
    listen();
  });
  server.removeAllListeners("error");
  // Too many open files: those that are open go on.
  server.on("error", () => {});
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") return `unix://${address ?? ""}`;
  const { address: host, port } = address satisfies AddressInfo;
  return host.includes(":") ? `tcp://[${host}]:${port}` : `tcp://${host}:${port}`;
}

function groupId(listener: Listener, group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${group}:`));
  const id = line?.split(":")[2];
  if (id === undefined) throw failed(listener, `this machine has no group ${group}`);
  return Number(id);
}

function failed(listener: Listener, reason: string): Error {
  return engineErrors["listener-failed"]({ listener: listener.text, reason });
}
