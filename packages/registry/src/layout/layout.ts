import type { ContentSource, ContentTarget, Descriptor, ManifestContent } from "../content.ts";
import { alsoChecked, digestPattern } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import { childrenOf, manifestFrom, manifestLimit, subjectOf } from "../manifests.ts";
import { blobFiles } from "./blob-files.ts";
import { changeIndex, checkLayout, createLayout, type IndexEntry, readIndex, refNameOf } from "./index-file.ts";
import { pruneLayout } from "./prune.ts";
import { findReferrers } from "./referrers.ts";

/** A manifest of a layout that has a name there. */
export interface NamedManifest {
  /** `org.opencontainers.image.ref.name`, e.g. `1.0` or `docker.io/tools/log:1.0`. */
  readonly name: string;
  readonly descriptor: Descriptor;
}

/** What else can be asked of places that keep signatures and the like. */
export interface ReferrerSource {
  /** Manifests whose `subject` is this digest; with `artifactType`, those of this type only. */
  readonly referrers: (digest: string, artifactType?: string) => Promise<readonly Descriptor[]>;
}

/** An OCI image layout (image-layout.md) in a folder; several processes may use it at once. */
export interface Layout extends ContentSource, ContentTarget, ReferrerSource {
  readonly directory: string;
  readonly list: () => Promise<readonly NamedManifest[]>;
  /** Takes a name away; its content stays until {@link Layout.prune}. @throws manifest-unknown */
  readonly remove: (name: string) => Promise<void>;
  /**
   * Deletes what no name leads to and nobody has written or found there for `age` milliseconds (default one hour: what is being copied has no name yet).
   * @param kept digests of manifests that stay all the same
   * @returns the bytes that are free now
   */
  readonly prune: (age?: number, kept?: Iterable<string>) => Promise<number>;
}

/**
 * Opens an image layout. Tags of its `manifest` and `writeManifest` are names as they stand in the layout.
 * A manifest without a tag is kept as content; one with a `subject` is also listed in index.json, so that it is found.
 * @throws layout-missing without `create`; layout-wrong
 */
export async function openLayout(directory: string, { create = false }: { readonly create?: boolean } = {}): Promise<Layout> {
  if (create) await createLayout(directory);
  await checkLayout(directory);
  const blobs = blobFiles(directory);

  const manifest = async (reference: string): Promise<ManifestContent> => {
    const entries = await readIndex(directory);
    const entry = digestPattern.test(reference)
      ? entries.find(({ digest }) => digest === reference)
      : entries.findLast((each) => refNameOf(each) === reference);
    if (entry === undefined && !digestPattern.test(reference)) throw registryErrors["manifest-unknown"]({ source: directory, reference });
    const digest = entry?.digest ?? reference;
    const bytes = await blobs.readWhole(digest, manifestLimit);
    if (bytes === undefined) throw registryErrors["manifest-unknown"]({ source: directory, reference });
    return manifestFrom(bytes, entry?.mediaType, directory, reference);
  };
  const referrers = (digest: string, artifactType?: string): Promise<readonly Descriptor[]> =>
    findReferrers({ name: directory, manifest }, readIndex(directory), digest, artifactType);

  return {
    name: directory,
    directory,
    manifest,
    referrers,
    blob: (descriptor) => alsoChecked(blobs.read(descriptor), descriptor),
    has: (descriptor) => blobs.has(descriptor),
    writeBlob: (descriptor, content) => blobs.write(descriptor, content),
    writeManifest: async (content, tag) => {
      for (const child of childrenOf(content, directory))
        if (!(await blobs.has(child))) throw registryErrors["content-unknown"]({ source: directory, digest: child.digest });
      await blobs.write(content.descriptor, async function* () {
        yield content.bytes;
      });
      const subject = subjectOf(content);
      if (tag === undefined && subject === undefined) return;
      await changeIndex(directory, (entries) => withEntry(entries, content, tag));
    },
    list: async () =>
      (await readIndex(directory)).flatMap((entry) => {
        const name = refNameOf(entry);
        return name === undefined ? [] : [{ name, descriptor: entry }];
      }),
    remove: async (name) => {
      let found = false;
      await changeIndex(directory, (entries) =>
        entries.filter((entry) => {
          const hit = refNameOf(entry) === name;
          found ||= hit;
          return !hit;
        }),
      );
      if (!found) throw registryErrors["manifest-unknown"]({ source: directory, reference: name });
    },
    prune: (age = 3_600_000, kept = []) => pruneLayout(directory, blobs, age, kept),
  };
}

/** Index entries with this manifest: under its name, in place of what had the name. */
function withEntry(entries: readonly IndexEntry[], { descriptor, bytes }: ManifestContent, tag: string | undefined): readonly IndexEntry[] {
  const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as { readonly artifactType?: string };
  const entry: IndexEntry = {
    ...descriptor,
    ...(value.artifactType === undefined ? {} : { artifactType: value.artifactType }),
    ...(tag === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": tag } }),
  };
  const others = entries.filter((each) => refNameOf(each) !== tag || (tag === undefined && each.digest !== descriptor.digest));
  return [...others, entry];
}
