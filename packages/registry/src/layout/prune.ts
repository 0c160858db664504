import { isOutriggerError } from "@outrigger/plugin";
import { digestOf } from "../digest.ts";
import { childrenOf, manifestFrom, manifestLimit, subjectOf } from "../manifests.ts";
import { isManifestType } from "../media-types.ts";
import type { BlobFiles } from "./blob-files.ts";
import { changeIndex, type IndexEntry, readIndex, refNameOf } from "./index-file.ts";

/** Removes what nothing leads to; see `Layout.prune`. Signatures go with what they are of. */
export async function pruneLayout(directory: string, blobs: BlobFiles, age: number, kept: Iterable<string>): Promise<number> {
  const reached = new Set<string>();
  const follow = async ({ digest, mediaType }: Pick<IndexEntry, "digest"> & Partial<IndexEntry>): Promise<void> => {
    if (reached.has(digest)) return;
    reached.add(digest);
    if (mediaType !== undefined && !isManifestType(mediaType)) return;
    const bytes = await blobs.readWhole(digest, manifestLimit);
    if (bytes === undefined) return;
    for (const child of childrenOf(manifestFrom(bytes, mediaType, directory, digest), directory)) await follow(child);
  };
  const entries = await readIndex(directory);
  for (const entry of entries) if (refNameOf(entry) !== undefined) await follow(entry);
  for (const digest of kept) await follow({ digest });
  // A referrer of a referrer is found in the next round.
  let open = entries.filter((entry) => refNameOf(entry) === undefined);
  for (let before = -1; before !== open.length; ) {
    before = open.length;
    const waiting: IndexEntry[] = [];
    for (const entry of open) {
      const subject = await subjectIn(directory, blobs, entry);
      // An entry without name and subject was put there by another tool on purpose.
      if (subject === undefined || reached.has(subject)) await follow(entry);
      else waiting.push(entry);
    }
    open = waiting;
  }
  const gone = new Set(open.map(({ digest }) => digest));
  if (gone.size > 0)
    await changeIndex(directory, (now) => now.filter((entry) => refNameOf(entry) !== undefined || !gone.has(entry.digest)));

  let freed = 0;
  for (const { digest, size, modified } of await blobs.all()) {
    if (reached.has(digest) || Date.now() - modified < age) continue;
    await blobs.remove(digest);
    freed += size;
  }
  await blobs.removeUnfinished(age);
  return freed;
}

async function subjectIn(directory: string, blobs: BlobFiles, { digest, mediaType }: IndexEntry): Promise<string | undefined> {
  try {
    const bytes = await blobs.readWhole(digest, manifestLimit);
    if (bytes === undefined) return digestOf("");
    return subjectOf(manifestFrom(bytes, mediaType, directory, digest))?.digest;
  } catch (error) {
    if (isOutriggerError(error)) return undefined;
    throw error;
  }
}
