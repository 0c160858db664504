import { driverErrors } from "../errors.ts";

/** Where a plug-in API is, for node:http. */
export interface ApiAddress {
  /** As it was written. */
  readonly text: string;
  readonly options: { readonly socketPath: string } | { readonly host: string; readonly port: number };
}

const loopback = ["localhost", "127.0.0.1", "[::1]"];

/** Reads `unix:///path`, `/path` or `tcp://LOOPBACK:PORT`. Plain TCP beyond this machine is refused: whoever can reach it is root. @throws address-invalid */
export function parseAddress(text: string): ApiAddress {
  const path = text.startsWith("unix://") ? text.slice("unix://".length) : text;
  if (path.startsWith("/")) return { text, options: { socketPath: path } };
  const url = text.startsWith("tcp://") ? URL.parse(text.replace("tcp:", "http:")) : null;
  if (url === null || !loopback.includes(url.hostname) || url.pathname !== "/") throw driverErrors["address-invalid"]({ found: text });
  return { text, options: { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? 2375 : Number(url.port) } };
}
