import { engineErrors } from "../errors.ts";
import { hostAndPort, isLoopback, readAddress, type TlsFiles, tlsFilesOf } from "./addresses.ts";

interface ListenerCommon {
  /** As it was written. */
  readonly text: string;
  /** Who every client of it is taken for, unless a certificate says more. */
  readonly user: string | undefined;
}

export interface UnixListener extends ListenerCommon {
  readonly kind: "unix";
  readonly path: string;
  readonly mode: number;
  /** A name or a number; absent: the gateway's own. */
  readonly group: string | undefined;
}

export interface TcpListener extends ListenerCommon {
  readonly kind: "tcp";
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Said in the listener; counts only together with `allowInsecure`. */
  readonly insecure: boolean;
}

/** Sockets that systemd opened (sd_listen_fds(3)). */
export interface PassedListener extends ListenerCommon {
  readonly kind: "fd";
  readonly insecure: boolean;
}

/** Something to listen on. */
export type Listener = UnixListener | TcpListener | PassedListener;

const known = {
  unix: ["mode", "group", "user"],
  tcp: ["cert", "key", "ca", "user", "insecure"],
  fd: ["user", "insecure"],
};

/**
 * Reads `unix:///path[,mode=0660][,group=docker][,user=NAME]`, `tcp://127.0.0.1:2375[,user=NAME]`, `tcp://HOST:2376,cert=FILE,key=FILE,ca=FILE`
 * (mutual TLS; the certificate's common name is the user), `tcp://HOST:2375,insecure=yes` or `fd://` (socket activation).
 *
 * @throws listener-invalid
 */
export function parseListener(text: string): Listener {
  const parts = readAddress(text, known);
  if (typeof parts === "string") throw invalid(text, parts);
  const { scheme, place, options } = parts;
  const user = options.get("user");
  const insecure = options.get("insecure");
  if (insecure !== undefined && insecure !== "yes") throw invalid(text, "insecure= is yes, or is left away");
  const common = { text, user };
  if (scheme === "unix") return unixListener(text, place, options, common);
  if (scheme === "fd") {
    if (place !== "") throw invalid(text, "fd:// takes every socket that is passed and has nothing after it");
    return { ...common, kind: "fd", insecure: insecure === "yes" };
  }
  const tls = tlsFilesOf(parts);
  if (typeof tls === "string") throw invalid(text, tls);
  const address = hostAndPort(place, tls === undefined ? 2375 : 2376);
  if (address === undefined) throw invalid(text, "after tcp:// there is no HOST:PORT");
  return { ...common, ...address, kind: "tcp", tls, insecure: insecure === "yes" };
}

function unixListener(text: string, path: string, options: ReadonlyMap<string, string>, common: ListenerCommon): UnixListener {
  const mode = options.get("mode") ?? "0660";
  if (!/^0?[0-7]{3}$/.test(mode)) throw invalid(text, "mode= is octal, e.g. 0660");
  if (!path.startsWith("/")) throw invalid(text, "the socket's path is not absolute");
  // sockaddr_un.sun_path, unix(7).
  if (Buffer.byteLength(path) > 100) throw invalid(text, "the socket's path has more than 100 bytes");
  return { ...common, kind: "unix", path, mode: Number.parseInt(mode, 8), group: options.get("group") };
}

/** Plain TCP that others can reach must be wanted twice. @throws listener-insecure */
export function refuseInsecure(listener: Listener, host: string, allowInsecure: boolean): void {
  if (listener.kind === "unix" || (listener.kind === "tcp" && listener.tls !== undefined) || isLoopback(host)) return;
  if (!listener.insecure || !allowInsecure) throw engineErrors["listener-insecure"]({ found: listener.text });
}

function invalid(found: string, reason: string): Error {
  return engineErrors["listener-invalid"]({ found, reason });
}
