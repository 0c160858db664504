import { isUtf8 } from "node:buffer";

/** A path that may stand in a tree, or why it may not. */
export type PathReading = { readonly path: string } | { readonly refusal: string };

/** The text of a name; a tree's names are UTF-8. */
export function readText(bytes: Uint8Array): PathReading {
  return isUtf8(bytes) ? { path: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8") } : refusals.encoding;
}

const refusals = {
  encoding: { refusal: "its name is not UTF-8" },
  absolute: { refusal: "its path is absolute" },
  up: { refusal: "its path has `..`" },
  control: { refusal: "its name has control characters" },
} as const;

/**
 * Brings an entry's name into the form that trees have: `./usr//bin/` is `usr/bin`, `.` and `/` are `""`. Refused are `..`, absolute names (no layer and no
 * `docker export` has any; `/` alone is the root, as kaniko writes it) and control characters.
 */
export function readEntryPath(name: string): PathReading {
  if (name.startsWith("/") && name !== "/") return refusals.absolute;
  return relativePath(name);
}

/** The same for what a hard link names: a path in the archive, which some builders write with a leading slash. */
export function readLinkPath(name: string): PathReading {
  return relativePath(name);
}

/** A symlink's text is kept as it is: it is never followed here. */
export function readSymlinkText(text: string): PathReading {
  return hasControl(text) ? { refusal: "its target has control characters" } : { path: text };
}

const clean = /^[^/.][^/]*(\/[^/.][^/]*)*$/;

function relativePath(name: string): PathReading {
  if (hasControl(name)) return refusals.control;
  if (clean.test(name)) return { path: name };
  const steps = name.split("/").filter((step) => step !== "" && step !== ".");
  return steps.includes("..") ? refusals.up : { path: steps.join("/") };
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 32 || code === 127) return true;
  }
  return false;
}
