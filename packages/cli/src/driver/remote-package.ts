import { createReadStream, statSync } from "node:fs";
import { resolve } from "node:path";
import type { FoundDriver, PluginApi, PluginPrivilege, RemotePackage } from "@outrigger/driver";
import { isOutriggerError } from "@outrigger/plugin";
import { say } from "../output/print.ts";
import type { ApiOptions } from "./api-options.ts";

export interface FromOptions {
  readonly from?: string;
}

/**
 * A package as the other side is to fetch it: from `--from`, from the local store where it is there, else from its registry with this user's credentials. An
 * engine fetches what has a registry's host in its name from there: so it knows where new versions are.
 */
export async function remotePackage(text: string, { from, engine }: FromOptions & Pick<ApiOptions, "engine">): Promise<RemotePackage> {
  const registry = await import("@outrigger/registry");
  const { formatImageReference } = await import("@outrigger/plugin");
  const reference = registry.packageReference(text);
  const full = formatImageReference(reference);
  if (from !== undefined) return { reference: full, from: resolve(from) };
  const store = registry.packagesFolder();
  const isLocal = engine === undefined || reference.registry === "docker.io";
  if (isLocal && statSync(store, { throwIfNoEntry: false }) !== undefined && (await isIn(store, [full, text, `${text}:latest`]))) {
    say(`${text} is taken from the local store.`);
    return { reference: full, from: store };
  }
  const credentials = await registry.findDockerCredentials(reference.registry);
  return { reference: full, auth: registry.registryAuthHeader(reference.registry, credentials) };
}

async function isIn(store: string, names: readonly string[]): Promise<boolean> {
  const { openLayout } = await import("@outrigger/registry");
  return (await (await openLayout(store)).list()).some(({ name }) => names.includes(name));
}

/** What a package asks for: told by whom will fetch it, or read here where an engine is to get it as a tar. */
export async function askedPrivileges(
  api: PluginApi,
  remote: RemotePackage,
  { engine }: Pick<ApiOptions, "engine">,
): Promise<readonly PluginPrivilege[]> {
  if (engine !== undefined && remote.from !== undefined) {
    const { privilegesOfConfig } = await import("@outrigger/driver");
    return useLocal(remote, async ({ config }) => privilegesOfConfig(config));
  }
  const asked = await api.privileges(remote);
  if (engine !== undefined && asked.length === 0) await requireExisting(remote);
  return asked;
}

/** Gives an engine a package of this machine, without a registry. */
export async function createFrom(api: PluginApi, remote: RemotePackage, name: string): Promise<void> {
  const { packageTar } = await import("@outrigger/driver");
  await useLocal(remote, async (found) => {
    const tar = await packageTar(found, name);
    try {
      await api.create(name, createReadStream(tar.file, { highWaterMark: 2 ** 20 }));
    } finally {
      await tar.close();
    }
  });
}

async function useLocal<T>({ reference, from = "" }: RemotePackage, use: (found: FoundDriver) => Promise<T>): Promise<T> {
  const { findDriverPackage, openLocalPackage } = await import("@outrigger/driver");
  const { packageReference } = await import("@outrigger/registry");
  const { source, digest } = await openLocalPackage(packageReference(reference), from);
  return use(await findDriverPackage(source, digest, reference));
}

/**
 * An engine says "no privileges" also where it could not fetch the package at all. So its registry is asked whether there is such a package; where this
 * machine does not reach the registry, that is all that can be said.
 */
async function requireExisting({ reference }: RemotePackage): Promise<void> {
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
