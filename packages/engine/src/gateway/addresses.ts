import { readFileSync } from "node:fs";

/** The files of one side of mutual TLS. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Who the other side's certificate must be signed by. */
  readonly ca: string;
}

/** `SCHEME://place,name=value,...`, taken apart. */
export interface AddressParts {
  readonly scheme: string;
  readonly place: string;
  readonly options: ReadonlyMap<string, string>;
}

/** Takes an address apart; gives what is wrong with it as a string. */
export function readAddress(text: string, known: Readonly<Record<string, readonly string[]>>): AddressParts | string {
  const [address = "", ...rest] = text.split(",");
  const match = /^([a-z]+):\/\/(.*)$/.exec(address);
  const [, scheme = "", place = ""] = match ?? [];
  const allowed = known[scheme];
  if (allowed === undefined)
    return `it starts with none of ${Object.keys(known)
      .map((name) => `${name}://`)
      .join(", ")}`;
  const options = new Map<string, string>();
  for (const option of rest) {
    const equals = option.indexOf("=");
    const name = option.slice(0, Math.max(0, equals));
    if (!allowed.includes(name)) return `${JSON.stringify(option)} is not one of ${allowed.map((each) => `${each}=`).join(", ")}`;
    if (options.has(name)) return `${name}= stands twice`;
    if (equals === option.length - 1) return `${name}= has no value`;
    options.set(name, option.slice(equals + 1));
  }
  return { scheme, place, options };
}

/** `host:port`, `[::1]:port` or a host alone. */
export function hostAndPort(place: string, usualPort: number): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?\/?$/.exec(place);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? usualPort : Number(match[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** All of cert=, key= and ca=, or none of them; anything between is told as a string. */
export function tlsFilesOf({ options }: AddressParts): TlsFiles | string | undefined {
  const [cert, key, ca] = [options.get("cert"), options.get("key"), options.get("ca")];
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  if (cert === undefined || key === undefined || ca === undefined) return "mutual TLS needs cert=, key= and ca=";
  return { cert, key, ca };
}

/** The files' contents. @throws NodeJS.ErrnoException */
export function readTlsFiles({ cert, key, ca }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer; readonly ca: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) };
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host) || /^::ffff:127\./i.test(host);
}
