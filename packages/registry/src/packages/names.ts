import { homedir } from "node:os";
import { join } from "node:path";
import { formatImageReference, type ImageReference, parseImageReference } from "@outrigger/plugin";
import { registryErrors } from "../errors.ts";
import { type Layout, openLayout } from "../layout/layout.ts";

/** What a person typed as a package's name, completed as Docker completes it: `log:1.0` -> docker.io, library/log, 1.0. @throws reference-invalid */
export function packageReference(text: string): ImageReference {
  const reference = parseImageReference(text);
  if (reference === undefined) throw registryErrors["reference-invalid"]({ found: text });
  return reference;
}

/** A package's name in full, as the local store has it: `docker.io/library/log:1.0`. */
export function packageName(text: string): string {
  return formatImageReference(packageReference(text));
}

/** A name as people write it: `docker.io/library/log:1.0` -> `log:1.0`. */
export function familiarName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?/, "");
}

/** What a reference is looked up by in its repository: the digest where it has one. */
export function referenceKey({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? "latest";
}

/** Where the local store of packages is: OUTRIGGER_PACKAGES, else in the data folder. */
export function packagesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env["OUTRIGGER_PACKAGES"] || join(env["XDG_DATA_HOME"] || join(homedir(), ".local/share"), "outrigger", "packages");
}

/** The local store: an image layout whose names are full names of packages ({@link packageName}). */
export function openStore(folder: string = packagesFolder()): Promise<Layout> {
  return openLayout(folder, { create: true });
}
