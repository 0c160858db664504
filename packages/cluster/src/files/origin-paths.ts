import { dirname, posix, resolve } from "node:path";
import type { OriginFile } from "../model/origin.ts";

/**
 * A path that a document names: in an image relative to the document's folder, as a path in the rootfs; else absolute on this machine. Undefined where a
 * document that others have written (an image's, a package's) points outside of where it came from.
 */
export function resolvePath(path: string, origin: OriginFile): string | undefined {
  if (origin.from === "clusterfile") return resolve(dirname(origin.file), path);
  const inside = posix.normalize(path);
  if (inside.startsWith("/") || inside === ".." || inside.startsWith("../")) return undefined;
  if (origin.from !== "image") return resolve(dirname(origin.file), inside);
  return posix.join(posix.dirname(origin.path), inside);
}
