import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { wordsOf } from "@outrigger/plugin";
import { engineErrors } from "../errors.ts";
import { hostAndPort, isLoopback, readAddress, readTlsFiles, tlsFilesOf } from "./addresses.ts";

/** The engine behind the gateway. */
export interface Upstream {
  /** As it was written. */
  readonly text: string;
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number };
  /** Read once, when the address is. */
  readonly tls: Pick<ConnectionOptions, "cert" | "key" | "ca" | "servername"> | undefined;
}

/**
 * Reads `unix:///path`, `tcp://127.0.0.1:2375` or `tcp://HOST:2376,cert=FILE,key=FILE,ca=FILE[,servername=NAME]`.
 *
 * @throws upstream-invalid, also where a file can't be read or plain TCP would leave this machine
 */
export function parseUpstream(text: string): Upstream {
  const parts = readAddress(text, { unix: [], tcp: ["cert", "key", "ca", "servername"] });
  if (typeof parts === "string") throw invalid(text, parts);
  const { scheme, place, options } = parts;
  if (scheme === "unix") {
    if (!place.startsWith("/")) throw invalid(text, "the socket's path is not absolute");
    return { text, address: { path: place }, tls: undefined };
  }
  const files = tlsFilesOf(parts);
  if (typeof files === "string") throw invalid(text, files);
  const address = hostAndPort(place, files === undefined ? 2375 : 2376);
  if (address === undefined) throw invalid(text, "after tcp:// there is no HOST:PORT");
  if (files === undefined) {
    if (!isLoopback(address.host)) throw invalid(text, "plain TCP beyond this machine can be read and changed on its way");
    return { text, address, tls: undefined };
  }
  try {
    const name = options.get("servername") ?? (isIP(address.host) === 0 ? address.host : undefined);
    return { text, address, tls: { ...readTlsFiles(files), ...(name === undefined ? {} : { servername: name }) } };
  } catch (error) {
    throw invalid(text, wordsOf(error));
  }
}

function invalid(found: string, reason: string): Error {
  return engineErrors["upstream-invalid"]({ found, reason });
}
