/** Names of hosts whose traffic does not leave the machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** The host that answers for a registry: Docker's own has another name than its references say. */
export function hostOf(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/** May this address be asked without TLS? `plainHttp` names hosts, with or without a port. */
export function allowsPlain(host: string, plainHttp: readonly string[]): boolean {
  return isLoopback(host) || plainHttp.some((named) => named === host || named === host.replace(/:\d+$/, ""));
}

/** The address of the next page (Link, RFC 8288), only where it is of the same origin: another would get our credentials. */
export function nextPage(link: string | readonly string[] | undefined, current: URL): URL | undefined {
  const [, target] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(String(link ?? "")) ?? [];
  if (target === undefined) return undefined;
  const url = URL.parse(target, current);
  return url?.origin === current.origin ? url : undefined;
}

/** Milliseconds that a Retry-After asks for (seconds or a date, RFC 9110 section 10.2.3); undefined where it says nothing that can be read. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
