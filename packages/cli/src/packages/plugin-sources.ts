import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { cliErrors } from "../errors.ts";
import { trustedKey } from "./copy-between.ts";
import { findPlace, hasKind } from "./places.ts";
import { type RegistryFlags, registryOptions } from "./registry-options.ts";

/** A plug-in's files for as long as a command needs them. */
export interface PluginSources extends AsyncDisposable {
  readonly folder: string;
}

/**
 * The folder that the words name, or that of a package: in the local store, else in the registry that they name. A package must be trusted by trust.yaml.
 * A bare name is never looked for in Docker's own registry: it is more often a folder that was mistyped.
 * @throws file-unreadable, and what reading a package throws
 */
export async function pluginSources(text: string, flags: RegistryFlags): Promise<PluginSources> {
  if (existsSync(text)) return { folder: resolve(text), [Symbol.asyncDispose]: async () => {} };
  const { parseImageReference } = await import("@outrigger/plugin");
  if (/^[./]/.test(text) || (!hasKind(text) && parseImageReference(text) === undefined)) throw missing(text, "it does not exist");
  const { unpackPackage } = await import("@outrigger/registry");
  const place = await findPlace(text, registryOptions(flags));
  if (place.isFallback && place.name.registry === "docker.io" && !/^(index\.)?docker\.io\//.test(text))
    throw missing(text, "it is no folder, and no package of the local store");
  const draft = await mkdtemp(join(tmpdir(), "outrigger-plugin-"));
  const remove = (): Promise<void> => rm(draft, { recursive: true, force: true });
  try {
    await unpackPackage(place.source, await trustedKey(place), join(draft, "plugin"));
    return { folder: join(draft, "plugin"), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  } finally {
    place.close();
  }
}

function missing(file: string, reason: string): Error {
  return cliErrors["file-unreadable"]({ file, reason });
}
