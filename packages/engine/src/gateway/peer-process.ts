import { execFile } from "node:child_process";
import { fstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";

export interface PeerProcess {
  readonly pid: number;
  readonly uid: number;
}

/**
 * The process at the other end of a unix socket, by the kernel's own list (`ss`, sock_diag(7)); Node can't ask for SO_PEERCRED.
 * Undefined where it can't be had or is not one: `ss` is missing, the client is gone, lives in another pid namespace, or shares the socket with other processes.
 */
export async function peerProcess(socket: Socket): Promise<PeerProcess | undefined> {
  const fd = fdOf(socket);
  if (fd === undefined) return undefined;
  try {
    const { ino } = fstatSync(fd);
    const lines = await listSockets();
    if (socket.destroyed) return undefined;
    const peer = peerOf(lines, String(ino));
    return peer === undefined ? undefined : holderOf(peer);
  } catch {
    return undefined;
  }
}

function fdOf(socket: Socket): number | undefined {
  const handle: unknown = "_handle" in socket ? socket._handle : undefined;
  const fd: unknown = typeof handle === "object" && handle !== null && "fd" in handle ? handle.fd : undefined;
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}

let running: Promise<string> | undefined;
let next: Promise<string> | undefined;

/** The kernel's list, made after this was called; those who ask while one is being made share the next one. */
function listSockets(): Promise<string> {
  if (running === undefined) return startListing();
  next ??= running.then(startListing, startListing);
  return next;
}

function startListing(): Promise<string> {
  next = undefined;
  const listing = readSockets().finally(() => {
    if (running === listing) running = undefined;
  });
  running = listing;
  return listing;
}

function readSockets(): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("ss", ["-xnpH", "state", "connected"], { maxBuffer: 64 * 1024 * 1024, timeout: 5000 }, (error, output) => {
      if (error === null) resolve(output);
      else reject(error);
    });
  });
}

interface Peer {
  readonly inode: string;
  readonly pid: number;
}

/** Lines are: type, state, queues, local address and inode, peer's address and inode, users:(("name",pid=1,fd=2),...). */
export function peerOf(lines: string, inode: string): Peer | undefined {
  for (const line of lines.split("\n")) {
    const match = /\s(\d+)\s+\S+\s+(\d+)\s+users:\((.*)\)\s*$/.exec(line);
    if (match?.[2] !== inode || match[1] === undefined) continue;
    const pids = new Set([...(match[3] ?? "").matchAll(/,pid=(\d+),fd=/g)].map(([, pid]) => Number(pid)));
    const [pid] = pids;
    return pids.size === 1 && pid !== undefined ? { inode: match[1], pid } : undefined;
  }
  return undefined;
}

/** The process still has the socket, so its number was not given to another one in between. */
function holderOf({ inode, pid }: Peer): PeerProcess | undefined {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  const holds = readdirSync(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  return holds && uid !== undefined ? { pid, uid: Number(uid) } : undefined;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
