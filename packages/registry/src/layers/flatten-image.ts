import { createHash } from "node:crypto";
import type { ContentSource, Descriptor, Platform } from "../content.ts";
import { registryErrors } from "../errors.ts";
import { choosePlatform, formatPlatform, type Manifest, ownPlatform, parseIndex, parseManifest } from "../manifests.ts";
import { isIndexType } from "../media-types.ts";
import type { TarLimits } from "../tar/limits.ts";
import type { FileTree } from "./file-tree.ts";
import { type ImageConfig, readImageConfig } from "./image-config.ts";
import { squashTrees } from "./squash.ts";
import { treeOfTar } from "./tar-tree.ts";

export interface FlattenOptions {
  /** Which one of an image for several platforms. Without it: this machine's, or whatever the image is for where it is for one alone. */
  readonly platform?: Platform;
  readonly limits?: Partial<TarLimits>;
  /** See {@link treeOfTar}. */
  readonly temporary?: string;
}

export interface FlattenedImage {
  /** All layers as one; closing it removes what was kept of them. */
  readonly tree: FileTree;
  readonly config: ImageConfig;
  /** The digest of the manifest that was chosen. */
  readonly digest: string;
}

/** Layers read at a time. */
const atOnce = 3;

/**
 * Reads an image into one tree: chooses the platform, reads the layers (plain, gzip or zstd by their first bytes), checks each against the digest that the
 * configuration has for it, and squashes them.
 *
 * @throws image-invalid, manifest-wrong, platform-missing, digest-wrong, archive-invalid, archive-too-large; what the source throws
 */
export async function flattenImage(source: ContentSource, reference: string, options: FlattenOptions = {}): Promise<FlattenedImage> {
  const name = `${source.name} ${reference}`;
  const { manifest, digest } = await chooseManifest(source, reference, name, options.platform);
  const config = await readImageConfig(source, manifest, name);
  const { platform } = options;
  if (platform !== undefined && (platform.os !== config.os || platform.architecture !== config.architecture))
    throw missing(name, platform, [config]);
  const trees: FileTree[] = [];
  try {
    for (let first = 0; first < manifest.layers.length; first += atOnce) {
      const group = manifest.layers
        .slice(first, first + atOnce)
        .map((layer, at) => readLayer(source, layer, config.rootfs.diff_ids?.[first + at] ?? "", options));
      for (const result of await Promise.allSettled(group)) if (result.status === "fulfilled") trees.push(result.value);
      await Promise.all(group);
    }
    return { tree: squashTrees(trees, name), config, digest };
  } catch (error) {
    for (const tree of trees) await tree.close();
    throw error;
  }
}

async function readLayer(source: ContentSource, layer: Descriptor, diffId: string, options: FlattenOptions): Promise<FileTree> {
  const hash = createHash("sha256");
  const { limits, temporary } = options;
  const tree = await treeOfTar(source.blob(layer), {
    name: `${source.name} ${layer.digest}`,
    layer: true,
    onPlain: (piece) => hash.update(piece),
    ...(limits === undefined ? {} : { limits }),
    ...(temporary === undefined ? {} : { temporary }),
  });
  const found = `sha256:${hash.digest("hex")}`;
  if (found === diffId) return tree;
  await tree.close();
  throw registryErrors["digest-wrong"]({ source: source.name, digest: diffId, found });
}

async function chooseManifest(
  source: ContentSource,
  reference: string,
  name: string,
  platform: Platform = ownPlatform(),
): Promise<{ readonly manifest: Manifest; readonly digest: string }> {
  let content = await source.manifest(reference);
  // An index may name another; more than a few are no honest image.
  for (let depth = 0; depth < 4; depth += 1) {
    const { mediaType, digest } = content.descriptor;
    if (!isIndexType(mediaType)) return { manifest: parseManifest(content, source.name), digest };
    const index = parseIndex(content, source.name);
    const chosen = choosePlatform(index, platform) ?? (index.manifests.length === 1 ? index.manifests[0] : undefined);
    if (chosen === undefined)
      throw missing(
        name,
        platform,
        index.manifests.flatMap((one) => one.platform ?? []),
      );
    content = await source.manifest(chosen.digest);
  }
  throw registryErrors["image-invalid"]({ name, reason: "its index names another index, and so on" });
}

function missing(name: string, wanted: Platform, found: readonly Platform[]): Error {
  const there = found.filter(({ os }) => os !== "unknown").map(formatPlatform);
  return registryErrors["platform-missing"]({ name, wanted: formatPlatform(wanted), found: there.join(", ") || "none" });
}
