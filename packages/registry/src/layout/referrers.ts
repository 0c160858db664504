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
    const content = await source.manifest(candidate.digest);
    if (subjectOf(content)?.digest === digest) found.push(candidate);
  }
  return found;
}
