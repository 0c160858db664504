/** What a request is for, as the engine's router sees it. */
export interface Target {
  /** Decoded, without the version: `/containers/create`. */
  readonly path: string;
  /** Absent where the client names none. */
  readonly version?: string;
  readonly query: URLSearchParams;
}

/** Reads a request's URI, also one with a scheme and host. @returns undefined where two readers could read it differently */
export function readTarget(uri: string): Target | undefined {
  const [, rest = uri] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/is.exec(uri) ?? [];
  const end = rest.indexOf("?");
  const encoded = end < 0 ? rest : rest.slice(0, end);
  if (!encoded.startsWith("/") || rest.includes("#")) return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  // The engine's router redirects a path that is not clean before anybody is asked; so none comes here by a good way.
  if (/\/\/|\/\.{1,2}(?:\/|$)|[\p{Cc}\\]/u.test(decoded)) return undefined;
  // As the router has it: `/v1.41.0/...` is a version, too.
  const [, version, path = decoded] = /^\/v([0-9.]+)(\/.*)$/.exec(decoded) ?? [];
  return { path, ...(version === undefined ? {} : { version }), query: new URLSearchParams(end < 0 ? "" : rest.slice(end + 1)) };
}

/** Whether a version of the API is older than another. */
export function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
