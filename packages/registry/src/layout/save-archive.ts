import type { Descriptor } from "../content.ts";
import { childrenOf } from "../manifests.ts";
import { isManifestType } from "../media-types.ts";
import { paddingOf, tarEnd, writeHeader } from "../tar/write-header.ts";
import { type IndexEntry, indexText } from "./index-file.ts";
import type { Layout } from "./layout.ts";

/**
 * Names of a layout, with all that they lead to and their signatures, as one tar of an image layout. The same content gives the same bytes.
 * @throws manifest-unknown, digest-wrong and the like when what is there is damaged: then the tar has no end
 */
export async function* saveArchive(layout: Layout, names: readonly string[]): AsyncGenerator<Uint8Array> {
  const entries: IndexEntry[] = [];
  const content = new Map<string, Descriptor>();
  const add = async (digest: string): Promise<Descriptor> => {
    const manifest = await layout.manifest(digest);
    content.set(manifest.descriptor.digest, manifest.descriptor);
    for (const child of childrenOf(manifest, layout.name)) {
      if (content.has(child.digest)) continue;
      content.set(child.digest, child);
      if (isManifestType(child.mediaType)) await add(child.digest);
    }
    for (const referrer of await layout.referrers(manifest.descriptor.digest)) {
      if (content.has(referrer.digest)) continue;
      await add(referrer.digest);
      entries.push(referrer);
    }
    return manifest.descriptor;
  };
  for (const name of names) {
    const descriptor = await add(name);
    entries.push({ ...descriptor, annotations: { "org.opencontainers.image.ref.name": name } });
  }
  yield* file("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
  yield* file("index.json", Buffer.from(indexText({}, entries)));
  for (const descriptor of [...content.values()].toSorted((one, other) => (one.digest < other.digest ? -1 : 1))) {
    yield header(`blobs/sha256/${descriptor.digest.slice("sha256:".length)}`, descriptor.size);
    yield* layout.blob(descriptor);
    yield Buffer.alloc(paddingOf(descriptor.size));
  }
  yield tarEnd;
}

function* file(path: string, bytes: Buffer): Generator<Uint8Array> {
  yield header(path, bytes.length);
  yield bytes;
  yield Buffer.alloc(paddingOf(bytes.length));
}

function header(path: string, size: number): Buffer {
  return writeHeader({ path, kind: "file", mode: 0o644, uid: 0, gid: 0, size, modified: 0 }, 0);
}
