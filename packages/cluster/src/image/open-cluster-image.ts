import {
  copyContent,
  type FileTree,
  familiarName,
  flattenImage,
  formatPlatform,
  type Layout,
  openStore,
  ownPlatform,
  type Platform,
} from "@outrigger/registry";
import { clusterErrors } from "../errors.ts";
import type { ClusterImage, ClusterImageFacts } from "./cluster-image.ts";
import { checkContent, recordOfTree } from "./open/check-content.ts";
import { type FindImageOptions, findImage, type ImagePlace } from "./open/image-place.ts";
import { unpackPlugins } from "./open/plugin-cache.ts";
import { readImageFacts } from "./open/read-facts.ts";

export type { PullPolicy } from "./open/image-place.ts";

export interface OpenClusterImageOptions extends FindImageOptions {
  /** Default: the local store. What is pulled is kept there. */
  readonly store?: Layout;
  /** Where the image's plug-ins are unpacked; default: in the cache folder (XDG_CACHE_HOME). */
  readonly cache?: string;
  /** Told what is done, a line at a time. */
  readonly say?: (line: string) => void;
}

/**
 * Opens a cluster image: `NAME:TAG` or `NAME@DIGEST` of the local store or a registry, `oci:FOLDER[:NAME]`, `oci-archive:FILE[:NAME]`, or the path of an image
 * layout, in a folder or a tar. An image of ours says in its configuration what a plan needs: layers are fetched when `rootfs` or `pluginFolder` is asked for,
 * and then checked against that. A Sealer image, or one that says nothing of clusters, is read by its files, at once.
 *
 * @throws cluster-image-wrong, package-untrusted, signature-missing, manifest-unknown and the source's own
 */
export async function openClusterImage(reference: string, options: OpenClusterImageOptions = {}): Promise<ClusterImage> {
  const store = options.store ?? (await openStore());
  const place = await findImage(reference, store, options);
  try {
    return await openPlace(reference, place, store, options);
  } catch (error) {
    place.close();
    throw error;
  }
}

async function openPlace(
  reference: string,
  place: ImagePlace,
  store: Layout,
  { cache, say }: OpenClusterImageOptions,
): Promise<ClusterImage> {
  const name = place.name === undefined ? reference : familiarName(place.name);
  const trees = new Map<string, Promise<FileTree>>();
  let pulled: Promise<unknown> | undefined;
  /** What is in a registry comes into the store first. */
  const local = async (): Promise<ImagePlace["source"]> => {
    if (!place.remote) return place.source;
    say?.(`Pulling ${name}.`);
    pulled ??= copyContent(place.source, place.digest, store, place.name?.includes("@") === true ? undefined : place.name);
    await pulled;
    return store;
  };
  const flatten = async (platform: Platform): Promise<FileTree> => (await flattenImage(await local(), place.digest, { platform })).tree;
  const found = await readImageFacts(place, name);
  const facts: ClusterImageFacts = found.record === undefined ? await factsOfFiles(found.facts, flatten) : found.facts;
  const { record } = found;
  const platforms = facts.platforms;
  const rootfs = (platform: Platform): Promise<FileTree> => {
    const key = formatPlatform(platform);
    const tree = trees.get(key) ?? flatten(platform).then((opened) => checkContent(opened, record, name));
    trees.set(key, tree);
    tree.catch(() => trees.delete(key));
    return tree.then((opened) => ({ ...opened, close: async () => {} }));
  };
  const own = ownPlatform();
  const usual = platforms.find(({ architecture }) => architecture === own.architecture) ?? platforms[0] ?? { ...own, os: "linux" };
  return {
    ...facts,
    rootfs,
    pluginFolder: async () => {
      if (record?.hasPluginFiles === false) return undefined;
      return unpackPlugins(() => rootfs(usual), place.digest, cache);
    },
    close: async () => {
      for (const tree of trees.values()) await tree.then((opened) => opened.close()).catch(() => {});
      place.close();
    },
  };
}

/** What an image is whose maker knew nothing of us. */
async function factsOfFiles(facts: ClusterImageFacts, flatten: (platform: Platform) => Promise<FileTree>): Promise<ClusterImageFacts> {
  const [platform] = facts.platforms;
  if (platform === undefined) throw clusterErrors["cluster-image-wrong"]({ image: facts.reference, reason: "it is for no platform" });
  const tree = await flatten(platform);
  try {
    return await recordOfTree(facts, tree);
  } finally {
    await tree.close();
  }
}
