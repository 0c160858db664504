import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatImageReference, isOutriggerError, type Problem, parseImageReference, wordsOf } from "@outrigger/plugin";
import {
  choosePlatform,
  copyContent,
  type FileTree,
  formatPlatform,
  isIndexType,
  type Layout,
  openLayout,
  openRepository,
  type Platform,
  packageReference,
  parseIndex,
  type RegistryOptions,
  readTrustPolicy,
  referenceKey,
  registryErrors,
  requireTrusted,
  type TrustPolicy,
} from "@outrigger/registry";
import { clusterErrors } from "../../errors.ts";
import { sideBySide } from "../../side-by-side.ts";
import { findImages } from "./find-images.ts";
import type { NamedImage } from "./named-image.ts";
import { registryLayer } from "./registry-layer.ts";

export interface GatherOptions {
  readonly registry?: RegistryOptions;
  /** Default: this machine's trust.yaml. */
  readonly trust?: TrustPolicy;
}

/** Container images as files of a rootfs. */
export interface GatheredImages {
  /** `registry/`, an image layout; it has only what the tree below does not. Closing it removes what was fetched. */
  readonly layer: FileTree;
  /** Full names, as the layout has them. */
  readonly names: readonly string[];
}

/**
 * Copies the container images that a rootfs names into an image layout `registry/`, for one platform. Undefined: it names none.
 * @throws image-gathering-failed with a problem for each image that can't be had, where it is named
 */
export async function gatherImages(
  tree: FileTree,
  platform: Platform,
  context: string,
  options: GatherOptions,
  say: (line: string) => void,
): Promise<GatheredImages | undefined> {
  const { images, warnings } = await findImages(tree, context);
  for (const warning of warnings) say(warning);
  if (images.length === 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "outrigger-images-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const layout = await openLayout(folder, { create: true });
    const trust = options.trust ?? (await readTrustPolicy());
    const problems = new Map<NamedImage, Problem>();
    const wanted = new Map<string, NamedImage>();
    for (const named of images) {
      const reference = parseImageReference(named.image);
      if (reference === undefined) problems.set(named, problemOf(named, "it is no image's name"));
      else if (!wanted.has(formatImageReference(reference))) wanted.set(formatImageReference(reference), named);
    }
    await sideBySide([...wanted], atOnce, async ([name, named]) => {
      const refusal = await fetchImage(named, name, platform, layout, { ...options, trust }, say);
      if (refusal !== undefined) problems.set(named, problemOf(named, refusal));
    });
    if (problems.size > 0) {
      const count = problems.size === 1 ? "1 container image" : `${problems.size} container images`;
      throw clusterErrors["image-gathering-failed"]({ count }, { problems: images.flatMap((named) => problems.get(named) ?? []) });
    }
    const layer = await registryLayer(layout, tree);
    return { layer: { ...layer, close: remove }, names: [...wanted.keys()].toSorted() };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Images that are fetched at a time; each brings its blobs side by side. */
const atOnce = 4;

/** @returns what went wrong, in words */
async function fetchImage(
  { image, credentials }: NamedImage,
  name: string,
  platform: Platform,
  layout: Layout,
  { registry, trust }: GatherOptions & { readonly trust: TrustPolicy },
  say: (line: string) => void,
): Promise<string | undefined> {
  const reference = packageReference(name);
  const own = credentials === undefined ? {} : { findCredentials: async () => credentials };
  const repository = openRepository(reference, { ...registry, ...own });
  try {
    const { descriptor } = await requireTrusted(repository, referenceKey(reference), reference, trust);
    const content = await repository.manifest(descriptor.digest);
    const index = isIndexType(content.descriptor.mediaType) ? parseIndex(content, repository.name) : undefined;
    const chosen = index === undefined ? descriptor : choosePlatform(index, platform);
    if (chosen === undefined)
      throw registryErrors["platform-missing"]({ name, wanted: formatPlatform(platform), found: platformsOf(index?.manifests ?? []) });
    say(`Fetching ${image} for ${formatPlatform(platform)}.`);
    await copyContent(repository, chosen.digest, layout, name, { referrers: false });
    return undefined;
  } catch (error) {
    if (isOutriggerError(error)) return `${error.message} ${error.hint}`;
    return wordsOf(error);
  } finally {
    repository.close();
  }
}

function platformsOf(manifests: readonly { readonly platform?: Platform }[]): string {
  return (
    manifests.flatMap(({ platform }) => (platform === undefined || platform.os === "unknown" ? [] : formatPlatform(platform))).join(", ") ||
    "none"
  );
}

function problemOf({ image, file, line }: NamedImage, reason: string): Problem {
  const message = `The container image ${image} can't be gathered: ${reason}`;
  const hint = "Mend its name, or build with --skip-images to leave images where they are.";
  return { file, line, column: line === 0 ? 0 : 1, path: "", code: "unknown-reference", message, found: image, hint };
}
