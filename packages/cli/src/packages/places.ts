import type { ContentSource, ContentTarget, Layout, ReferrerSource, RegistryOptions } from "@outrigger/registry";
import { cliErrors } from "../errors.ts";

/** A package where it lies. */
export interface PackagePlace {
  readonly source: ContentSource & ReferrerSource;
  /** Absent for places that can only be read. */
  readonly target?: ContentTarget;
  /** What it is called there: a tag, a digest, or a full name. */
  readonly key: string;
  /** Its own name, whose rules of trust count. */
  readonly name: { readonly registry: string; readonly repository: string };
  /** For people. */
  readonly label: string;
  readonly close: () => void;
}

/** How the commands' help names places. */
export const placeWords = "store:NAME:TAG, registry:NAME:TAG, oci:FOLDER:NAME or oci-archive:FILE:NAME";

/**
 * Reads {@link placeWords}; a bare name is one in a registry.
 * @param create whether an image layout is made where there is none
 */
export async function openPlace(text: string, options: RegistryOptions, create = false): Promise<PackagePlace> {
  if (text.startsWith("store:")) return storePlace(text.slice("store:".length));
  if (text.startsWith("oci:")) return layoutPlace(text, "oci:", create);
  if (text.startsWith("oci-archive:")) return archivePlace(text);
  return registryPlace(text.replace(/^registry:/, ""), options);
}

/** Like {@link openPlace}, but a bare name is first looked for in the local store; `isFallback` says that it is not there. */
export async function findPlace(text: string, options: RegistryOptions): Promise<PackagePlace & { readonly isFallback: boolean }> {
  const { openStore, packageName } = await import("@outrigger/registry");
  if (hasKind(text)) return { ...(await openPlace(text, options)), isFallback: false };
  const [store, wanted] = [await openStore(), packageName(text)];
  const there = (await store.list()).some(({ name }) => name === wanted);
  return { ...(there ? await storePlace(text, store) : await registryPlace(text, options)), isFallback: !there };
}

/** Does the text say what kind of place it means? */
export function hasKind(text: string): boolean {
  return /^(store|registry|oci|oci-archive):/.test(text);
}

/** A package of the local store. */
export async function storePlace(name: string, store?: Layout): Promise<PackagePlace> {
  const { familiarName, openStore, packageReference, packageName } = await import("@outrigger/registry");
  const [opened, reference] = [store ?? (await openStore()), packageReference(name)];
  return {
    source: opened,
    target: opened,
    key: packageName(name),
    name: reference,
    label: familiarName(packageName(name)),
    close: () => {},
  };
}

/** A package in a registry. */
export async function registryPlace(name: string, options: RegistryOptions): Promise<PackagePlace> {
  const { openRepository, packageReference, referenceKey } = await import("@outrigger/registry");
  const reference = packageReference(name);
  const repository = openRepository(reference, options);
  return { source: repository, target: repository, key: referenceKey(reference), name: reference, label: name, close: repository.close };
}

async function layoutPlace(text: string, prefix: string, create: boolean): Promise<PackagePlace> {
  const { openLayout } = await import("@outrigger/registry");
  const { path, name } = splitPlace(text, prefix);
  const layout = await openLayout(path, { create });
  const key = name ?? (await onlyName(layout.list, text));
  return { source: layout, target: layout, key, name: await nameOf(key), label: text, close: () => {} };
}

async function archivePlace(text: string): Promise<PackagePlace> {
  const { openLayoutArchive } = await import("@outrigger/registry");
  const { path, name } = splitPlace(text, "oci-archive:");
  const archive = await openLayoutArchive(path);
  const key = name ?? (await onlyName(archive.list, text));
  return { source: archive, key, name: await nameOf(key), label: text, close: () => {} };
}

function splitPlace(text: string, prefix: string): { readonly path: string; readonly name: string | undefined } {
  const rest = text.slice(prefix.length);
  const colon = rest.indexOf(":");
  return colon < 0 ? { path: rest, name: undefined } : { path: rest.slice(0, colon), name: rest.slice(colon + 1) };
}

async function onlyName(list: Layout["list"], text: string): Promise<string> {
  const names = [...new Set((await list()).map(({ name }) => name))];
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw cliErrors["place-ambiguous"]({ place: text, known: names.join(", ") || "none" });
}

/** Names in layouts may be bare tags: then no rule but one for everything fits. */
async function nameOf(key: string): Promise<PackagePlace["name"]> {
  const { packageReference } = await import("@outrigger/registry");
  return key.includes("/") ? packageReference(key) : { registry: "layout", repository: key.toLowerCase() };
}
