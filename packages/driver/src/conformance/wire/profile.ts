import type { DriverAddress } from "./address.ts";

/** Which engine's bytes are sent: 20.10 was recorded, 29 is read from its source. They differ in the Host header. */
export type Profile = "20.10" | "29";

export const profiles: readonly Profile[] = ["20.10", "29"];

/** What a check may send otherwise than the engine does. */
export interface HeadChange {
  readonly host?: string;
  readonly verb?: string;
  readonly path?: string;
}

/**
 * A request's head as Go's client writes it: `Host` stays empty on a unix socket before engine 23, there is no Content-Type, and compression is asked for over
 * TCP only (recorded from dockerd 20.10; pkg/plugins/transport in moby).
 */
export function requestHead(method: string, length: number, profile: Profile, address: DriverAddress, change: HeadChange = {}): string {
  return [
    `${change.verb ?? "POST"} ${change.path ?? `/${method}`} HTTP/1.1`,
    `Host: ${change.host ?? hostOf(profile, address)}`,
    "User-Agent: Go-http-client/1.1",
    `Content-Length: ${length}`,
    "Accept: application/vnd.docker.plugins.v1.2+json",
    ...(address.kind === "tcp" ? ["Accept-Encoding: gzip"] : []),
    "",
    "",
  ].join("\r\n");
}

function hostOf(profile: Profile, address: DriverAddress): string {
  if (address.kind === "tcp") return `${address.host}:${address.port}`;
  return profile === "29" ? "plugin.moby.localhost" : "";
}

/** JSON as Go's encoder writes it: `<`, `>`, `&` and two line separators escaped, a newline at the end. */
export function requestBody(args: unknown): string {
  const text = JSON.stringify(args).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `${text}\n`;
}
