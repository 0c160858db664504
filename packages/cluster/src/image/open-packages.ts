import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { formatImageReference, isOutriggerError, type Problem, type Reading } from "@outrigger/plugin";
import {
  copyContent,
  describePackage,
  familiarName,
  type Layout,
  openStore,
  packageName,
  packageReference,
  unpackPackage,
} from "@outrigger/registry";
import { clusterErrors } from "../errors.ts";
import { readPackage, readPackageFolders, unreadable } from "../files/package-folders.ts";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import { findImage, type ImagePlace } from "./open/image-place.ts";
import { cacheFolder } from "./open/plugin-cache.ts";
import type { OpenClusterImageOptions } from "./open-cluster-image.ts";

/**
 * The plugin.yaml of every package that documents of a Clusterfile or a folder name, for `mergePlugins`: of folders on this machine, and of references, which
 * are looked for in the local store, then pulled, and unpacked once per digest. Not found, of another layer or unreadable: a problem at its document.
 * @throws package-untrusted, signature-missing and the registry's own
 */
export async function openPackages(
  documents: readonly PluginDocument[],
  options: OpenClusterImageOptions = {},
): Promise<Reading<readonly PluginDocument[]>> {
  const folders = await readPackageFolders(documents);
  const problems: Problem[] = folders.ok ? [] : [...folders.problems];
  const found = new Map<string, PluginDocument>();
  for (const document of documents.filter(namesReference)) {
    const name = document.given.package ?? "";
    if (found.has(name)) continue;
    const opened = await openPackage(document, name, options);
    if (opened.ok) found.set(name, opened.value);
    else problems.push(...opened.problems);
  }
  return problems.length > 0 || !folders.ok ? { ok: false, problems } : { ok: true, value: [...folders.value, ...found.values()] };
}

/**
 * Sees to it that what plug-ins of an earlier plan build on is where it was, exactly as it was; their trust is asked anew.
 * @throws package-gone, package-untrusted, signature-missing and the registry's own
 */
export async function restorePackages(
  plugins: readonly Pick<ClusterPlugin, "base" | "disabled">[],
  options: OpenClusterImageOptions = {},
): Promise<void> {
  const done = new Set<string>();
  for (const { base, disabled } of plugins) {
    if (disabled || base?.from !== "package" || done.has(base.file)) continue;
    done.add(base.file);
    const reference = packageReference(base.package);
    await withPlace(formatImageReference({ ...reference, tag: null, digest: base.digest }), options, async (place, store) => {
      await unpackTo(dirname(base.file), place, store, options);
    }).catch((error: unknown) => {
      if (!isOutriggerError(error) || error.code !== "manifest-unknown") throw error;
      throw clusterErrors["package-gone"]({ package: base.package, digest: base.digest }, { cause: error });
    });
  }
}

function namesReference({ given, origin, settings }: PluginDocument): boolean {
  return origin.from !== "image" && settings === undefined && given.package !== undefined && !isAbsolute(given.package);
}

async function openPackage(document: PluginDocument, name: string, options: OpenClusterImageOptions): Promise<Reading<PluginDocument>> {
  const wrong = (reason: string, hint: string): Reading<PluginDocument> => ({ ok: false, problems: [unreadable(document, reason, hint)] });
  try {
    return await withPlace(packageName(name), options, async (place, store) => {
      const { layer } = await describePackage(place.source, place.digest);
      if (layer !== "cluster") {
        const what = layer === undefined ? "it is no plug-in" : `it is a plug-in of the layer ${layer}`;
        return wrong(what, "Name a plug-in of the layer cluster; `outrigger inspect` shows what a package is.");
      }
      const folder = join(options.cache ?? cacheFolder(), "cluster-packages", place.digest.replace(":", "-"));
      await unpackTo(folder, place, store, options);
      const { digest } = place;
      const label = familiarName(packageName(name));
      return readPackage(document, { from: "package", package: label, digest, file: join(folder, "plugin.yaml") });
    });
  } catch (error) {
    if (!isOutriggerError(error) || (error.code !== "manifest-unknown" && error.code !== "package-wrong")) throw error;
    return wrong(error.message, error.hint);
  }
}

/** @param name in full, so that it can't mean a path */
async function withPlace<Result>(
  name: string,
  options: OpenClusterImageOptions,
  work: (place: ImagePlace, store: Layout) => Promise<Result>,
): Promise<Result> {
  const store = options.store ?? (await openStore());
  const place = await findImage(name, store, options);
  try {
    return await work(place, store);
  } finally {
    place.close();
  }
}

/** Unpacks a package into a folder, once; what is in a registry comes into the store first. */
async function unpackTo(folder: string, place: ImagePlace, store: Layout, { say }: OpenClusterImageOptions): Promise<void> {
  const { remote, source, digest, name } = place;
  if (remote) {
    say?.(`Pulling ${familiarName(name ?? digest)}.`);
    await copyContent(source, digest, store, name?.includes("@") === true ? undefined : name);
  }
  if (existsSync(folder)) return;
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
  await unpackPackage(store, digest, folder).catch((error: unknown) => {
    // Two at once have unpacked the same.
    if (!existsSync(folder)) throw error;
  });
}
