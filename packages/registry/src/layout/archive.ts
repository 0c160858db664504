import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { ContentSource, Descriptor } from "../content.ts";
import { alsoChecked, checkedContent, digestPattern } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import { manifestFrom, manifestLimit } from "../manifests.ts";
import { readTarFile } from "../tar/read-tar.ts";
import type { TarEntry } from "../tar/tar-parser.ts";
import { checkVersion, parseIndexFile, refNameOf } from "./index-file.ts";
import type { NamedManifest, ReferrerSource } from "./layout.ts";
import { findReferrers } from "./referrers.ts";

/** An image layout in one tar, read where it is. */
export interface LayoutArchive extends ContentSource, ReferrerSource {
  readonly list: () => Promise<readonly NamedManifest[]>;
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

/**
 * Opens a plain tar that holds an image layout, without unpacking it: `outrigger save`, `skopeo copy oci-archive:`, `docker save` of engines since 25.
 * @throws layout-missing, layout-wrong, archive-invalid, archive-too-large
 */
export async function openLayoutArchive(file: string): Promise<LayoutArchive> {
  const places = placesIn(file);
  const wrong = (reason: string): Error => registryErrors["layout-wrong"]({ path: file, reason });
  const textOf = async (name: string): Promise<string> => {
    const place = places.get(name);
    if (place === undefined) throw registryErrors["layout-missing"]({ path: file, reason: `it has no ${name}` });
    if (place.size > manifestLimit) throw wrong(`its ${name} has more than 4 MiB`);
    return Buffer.concat(await Array.fromAsync(piecesOf(file, place))).toString("utf8");
  };
  checkVersion(file, await textOf("oci-layout"));
  const { manifests } = parseIndexFile(file, await textOf("index.json"));
  const placeOf = (digest: string): Place | undefined => {
    if (!digestPattern.test(digest)) throw wrong(`${JSON.stringify(digest)} is no digest`);
    return places.get(`blobs/sha256/${digest.slice("sha256:".length)}`);
  };
  const blob = async function* (descriptor: Descriptor): AsyncGenerator<Uint8Array> {
    const place = placeOf(descriptor.digest);
    if (place === undefined) throw registryErrors["content-unknown"]({ source: file, digest: descriptor.digest });
    yield* checkedContent(file, descriptor, piecesOf(file, place));
  };
  const manifest: ContentSource["manifest"] = async (reference) => {
    const isDigest = digestPattern.test(reference);
    const entry = manifests.findLast((each) => (isDigest ? each.digest : refNameOf(each)) === reference);
    const digest = entry?.digest ?? (isDigest ? reference : undefined);
    const place = digest === undefined ? undefined : placeOf(digest);
    if (digest === undefined || place === undefined) throw registryErrors["manifest-unknown"]({ source: file, reference });
    if (place.size > manifestLimit) throw registryErrors["manifest-too-large"]({ source: file, reference, size: `${place.size} bytes` });
    const bytes = Buffer.concat(await Array.fromAsync(blob({ mediaType: "", digest, size: place.size })));
    return manifestFrom(bytes, entry?.mediaType, file, reference);
  };
  return {
    name: file,
    manifest,
    blob: (descriptor) => alsoChecked(blob(descriptor), descriptor),
    referrers: (digest, artifactType) => findReferrers({ name: file, manifest }, Promise.resolve(manifests), digest, artifactType),
    list: async () =>
      manifests.flatMap((entry) => {
        const name = refNameOf(entry);
        return name === undefined ? [] : [{ name, descriptor: entry }];
      }),
  };
}

/** Where the layout's files lie in the tar. Other files are not looked at. */
function placesIn(file: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const entry = ({ path, kind, offset, size }: TarEntry): void => {
    if (!/^(oci-layout|index\.json|blobs\/sha256\/[0-9a-f]{64})$/.test(path)) return;
    const reason = kind !== "file" ? `${path} is a ${kind}` : places.has(path) ? `${path} is there twice` : undefined;
    if (reason !== undefined) throw registryErrors["layout-wrong"]({ path: file, reason });
    places.set(path, { offset, size });
  };
  try {
    readTarFile(file, { entry }, { name: file });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES" || code === "EISDIR")
      throw registryErrors["layout-missing"]({ path: file, reason: code }, { cause: error });
    throw error;
  }
  return places;
}

async function* piecesOf(file: string, { offset, size }: Place): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  const handle = await open(file, "r");
  const stream = createReadStream("", { fd: handle, start: offset, end: offset + size - 1, highWaterMark: 1 << 18 });
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } finally {
    stream.destroy();
  }
}
