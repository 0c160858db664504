import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { RemotePackage } from "@outrigger/driver";
import { isOutriggerError } from "@outrigger/plugin";
import { say } from "../output/print.ts";
import type { ApiOptions } from "./api-options.ts";

export interface FromOptions extends ApiOptions {
  readonly from?: string;
}

/** A package as the other side is to fetch it: from `--from`, from the local store where it is there, else from its registry with this user's credentials. */
export async function remotePackage(text: string, { from, engine }: FromOptions): Promise<RemotePackage> {
  const registry = await import("@outrigger/registry");
  const { formatImageReference } = await import("@outrigger/plugin");
  const { driverErrors } = await import("@outrigger/driver");
  const reference = registry.packageReference(text);
  const full = formatImageReference(reference);
  if (engine !== undefined) {
    if (from !== undefined)
      throw driverErrors["engine-cannot"]({
        what: "install from a file",
        reason: "its API takes names in registries only",
        mend: "Push the driver to a registry first with `outrigger driver push`, or install it in Outrigger's own host.",
      });
  } else if (from !== undefined) return { reference: full, from: resolve(from) };
  else {
    const store = registry.packagesFolder();
    if (statSync(store, { throwIfNoEntry: false }) !== undefined && (await isIn(store, [full, text, `${text}:latest`]))) {
      say(`${text} is taken from the local store.`);
      return { reference: full, from: store };
    }
  }
  const credentials = await registry.findDockerCredentials(reference.registry);
  return { reference: full, auth: registry.registryAuthHeader(reference.registry, credentials) };
}

async function isIn(store: string, names: readonly string[]): Promise<boolean> {
  const { openLayout } = await import("@outrigger/registry");
  return (await (await openLayout(store)).list()).some(({ name }) => names.includes(name));
}

/**
 * An engine says "no privileges" also where it could not fetch the package at all. So its registry is asked whether there is such a package; where this
 * machine does not reach the registry, that is all that can be said.
 */
export async function requireExisting({ reference }: RemotePackage): Promise<void> {
  const { openRepository, packageReference, referenceKey } = await import("@outrigger/registry");
  const named = packageReference(reference);
  const repository = openRepository(named);
  try {
    await repository.manifest(referenceKey(named));
  } catch (error) {
    if (isOutriggerError(error) && error.code !== "registry-unreachable") throw error;
    say(`The engine names no privileges. It says so too where it can't fetch ${reference}, and this machine can't ask the registry.`);
  } finally {
    repository.close();
  }
}
