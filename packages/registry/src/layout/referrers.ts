import { isOutriggerError } from "@outrigger/plugin";
import type { ContentSource, Descriptor } from "../content.ts";
import { subjectOf } from "../manifests.ts";
import type { IndexEntry } from "./index-file.ts";

/** The manifests of a layout's index that have this digest as their subject. */
export async function findReferrers(
  source: Pick<ContentSource, "name" | "manifest">,
  index: Promise<readonly IndexEntry[]>,
  digest: string,
  artifactType?: string,
): Promise<readonly Descriptor[]> {
  const candidates = new Map((await index).map((entry) => [entry.digest, entry]));
  const found: Descriptor[] = [];
  for (const candidate of candidates.values()) {
    if (artifactType !== undefined && candidate.artifactType !== artifactType) continue;
    if ((await subjectDigest(source, candidate.digest)) === digest) found.push(candidate);
  }
  return found;
}

async function subjectDigest(source: Pick<ContentSource, "manifest">, digest: string): Promise<string | undefined> {
  try {
    return subjectOf(await source.manifest(digest))?.digest;
  } catch (error) {
    // What is damaged or gone refers to nothing, and must not keep others from being found.
    if (isOutriggerError(error)) return undefined;
    throw error;
  }
}
