const surrogate = /[\ud800-\udfff]/;

/** Orders paths by their UTF-8 bytes. Strings compare by UTF-16 units, which differs only beside surrogates. */
export function comparePaths(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The folder that a path lies in; `""` for those in the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
