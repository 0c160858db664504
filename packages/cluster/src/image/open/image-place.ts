import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isOutriggerError, parseImageReference } from "@outrigger/plugin";
import {
  type ContentSource,
  type Layout,
  openLayout,
  openLayoutArchive,
  openRepository,
  packageName,
  packageReference,
  type ReferrerSource,
  type RegistryOptions,
  readTrustPolicy,
  referenceKey,
  registryErrors,
  requireTrusted,
  type TrustPolicy,
} from "@outrigger/registry";

/** When a registry is asked: for what the store does not have (default), always, or never. */
export type PullPolicy = "missing" | "always" | "never";

export interface FindImageOptions {
  readonly registry?: RegistryOptions;
  readonly pull?: PullPolicy;
  /** Default: this machine's trust.yaml. */
  readonly trust?: TrustPolicy;
}

/** An image where it lies. */
export interface ImagePlace {
  readonly source: ContentSource & ReferrerSource;
  /** Of what the reference names, trusted. */
  readonly digest: string;
  /** The full name in the local store, for images that have one. */
  readonly name?: string;
  /** True: it is not on this machine. */
  readonly remote: boolean;
  readonly close: () => void;
}

/**
 * Finds an image: `oci:FOLDER[:NAME]`, `oci-archive:FILE[:NAME]`, a path of either, else by its name in the local store and then in its registry.
 * @throws reference-invalid, manifest-unknown, layout-missing, package-untrusted, signature-missing and the source's own
 */
export async function findImage(reference: string, store: Layout, options: FindImageOptions): Promise<ImagePlace> {
  const trust = options.trust ?? (await readTrustPolicy());
  const layout = layoutPlace(reference);
  if (layout !== undefined) return inLayout(layout, trust);
  const parsed = packageReference(reference);
  const name = packageName(reference);
  const key = parsed.digest ?? name;
  if (options.pull !== "always" && (await holds(store, key))) {
    const { descriptor } = await requireTrusted(store, key, parsed, trust);
    return { source: store, digest: descriptor.digest, name, remote: false, close: () => {} };
  }
  if (options.pull === "never") throw registryErrors["manifest-unknown"]({ source: "the local store", reference });
  const repository = openRepository(parsed, options.registry);
  try {
    const { descriptor } = await requireTrusted(repository, referenceKey(parsed), parsed, trust);
    return { source: repository, digest: descriptor.digest, name, remote: true, close: repository.close };
  } catch (error) {
    repository.close();
    throw error;
  }
}

interface LayoutPlace {
  readonly path: string;
  readonly name: string | undefined;
}

/** A place in the file system, as `oci:` and `oci-archive:` name it, or a path that can be no image's name. */
function layoutPlace(reference: string): LayoutPlace | undefined {
  const [, rest] = /^oci(?:-archive)?:(.*)$/s.exec(reference) ?? [];
  if (rest !== undefined) {
    const [, path = rest, name] = /^([^:]+):(.+)$/s.exec(rest) ?? [];
    return { path, name };
  }
  const isPath =
    /^[./]/.test(reference) || (existsSync(reference) && (parseImageReference(reference) === undefined || isLayout(reference)));
  return isPath ? { path: reference, name: undefined } : undefined;
}

function isLayout(path: string): boolean {
  return statSync(path).isDirectory() ? existsSync(join(path, "oci-layout")) : /\.(tar|oci)$/.test(path);
}

async function inLayout({ path, name }: LayoutPlace, trust: TrustPolicy): Promise<ImagePlace> {
  if (!existsSync(path)) throw registryErrors["layout-missing"]({ path, reason: "it is not there" });
  const source = statSync(path).isDirectory() ? await openLayout(path) : await openLayoutArchive(path);
  const names = [...new Set((await source.list()).map((each) => each.name))];
  const [only] = names;
  const key = name ?? (names.length === 1 ? only : undefined);
  if (key === undefined) {
    const reason = names.length === 0 ? "nothing in it has a name" : `it holds ${names.join(", ")}; name one of them as oci:${path}:NAME`;
    throw registryErrors["layout-wrong"]({ path, reason });
  }
  const owner =
    key.includes("/") && parseImageReference(key) !== undefined ? packageReference(key) : { registry: "layout", repository: key };
  const { descriptor } = await requireTrusted(source, key, owner, trust);
  return { source, digest: descriptor.digest, remote: false, close: () => {} };
}

async function holds(store: Layout, key: string): Promise<boolean> {
  try {
    await store.manifest(key);
    return true;
  } catch (error) {
    if (isOutriggerError(error) && error.code === "manifest-unknown") return false;
    throw error;
  }
}
