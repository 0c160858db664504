import { lstatSync, realpathSync } from "node:fs";
import { posix } from "node:path";

/** Where a path leads on the host; `null` where that can't be known. */
export type ResolvePath = (path: string) => string | null;

/** `/srv//data/../x/` -> `/srv/x`, as the engine cleans paths before it mounts them. */
export function cleanPath(path: string): string {
  const clean = posix.normalize(path);
  return clean.length > 1 ? clean.replace(/\/+$/, "") : clean;
}

/** Follows symbolic links on this machine. Of a path that does not exist (the engine would make it) the part that does is followed. */
export function resolveOnHost(path: string): string | null {
  const clean = cleanPath(path);
  try {
    return realpathSync(clean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") return null;
    return resolveMissing(clean);
  }
}

function resolveMissing(path: string): string | null {
  if (path === "/") return "/";
  // A dangling link is no missing path: the engine would follow it.
  if (isLink(path)) return null;
  const parent = resolveOnHost(posix.dirname(path));
  return parent === null ? null : posix.join(parent, posix.basename(path));
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** True where one of the paths lies in the other, or is it. */
export function overlap(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one);
}

export function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(place === "/" ? "/" : `${place}/`);
}
