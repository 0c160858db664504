import { createHash } from "node:crypto";
import type { ContentSource, Descriptor, Platform } from "../content.ts";
import { registryErrors } from "../errors.ts";
import type { TarLimits } from "../tar/limits.ts";
import type { FileTree } from "./file-tree.ts";
import { type ImageConfig, type ImageManifest, type NamedPlatform, readImageConfig, readImageManifest } from "./image-documents.ts";
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
const configLimit = 8 * 2 ** 20;

/**
 * Reads an image into one tree: chooses the platform, reads the layers (plain, gzip or zstd by their first bytes), checks each against the digest that the
 * configuration has for it, and squashes them.
 *
 * @throws image-invalid, platform-missing, digest-wrong, archive-invalid, archive-too-large; what the source throws
 */
export async function flattenImage(source: ContentSource, reference: string, options: FlattenOptions = {}): Promise<FlattenedImage> {
  const name = `${source.name} ${reference}`;
  const { manifest, digest } = await chooseManifest(source, reference, name, options.platform);
  const config = readImageConfig(await readConfig(source, manifest.config, name), name);
  if (options.platform !== undefined && !matches(options.platform, config)) throw missing(name, options.platform, [config]);
  const diffIds = config.rootfs.diff_ids ?? [];
  if (diffIds.length !== manifest.layers.length) {
    throw registryErrors["image-invalid"]({ name, reason: `it has ${manifest.layers.length} layers and ${diffIds.length} diff_ids` });
  }
  const trees: FileTree[] = [];
  try {
    for (let first = 0; first < manifest.layers.length; first += atOnce) {
      const group = manifest.layers
        .slice(first, first + atOnce)
        .map((layer, at) => readLayer(source, layer, diffIds[first + at] ?? "", options));
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
  platform: Platform | undefined,
): Promise<{ readonly manifest: ImageManifest; readonly digest: string }> {
  let content = await source.manifest(reference);
  // An index may name another; more than a few are no honest image.
  for (let depth = 0; depth < 4; depth += 1) {
    const found = readImageManifest(content, name);
    if ("layers" in found) return { manifest: found, digest: content.descriptor.digest };
    const { manifests } = found;
    const wanted = platform ?? ownPlatform();
    const chosen =
      manifests.find((one) => one.platform !== undefined && matches(wanted, one.platform)) ??
      (manifests.length === 1 ? manifests[0] : undefined);
    if (chosen === undefined)
      throw missing(
        name,
        wanted,
        manifests.flatMap((one) => one.platform ?? []),
      );
    content = await source.manifest(chosen.digest);
  }
  throw registryErrors["image-invalid"]({ name, reason: "its index names another index, and so on" });
}

/** A wanted variant has to be that; `v8` of arm64 is the one there is, and often left out. */
function matches(wanted: Platform, found: NamedPlatform): boolean {
  const variant = (one: NamedPlatform): string | undefined => one.variant ?? (one.architecture === "arm64" ? "v8" : undefined);
  const same = wanted.os === found.os && wanted.architecture === found.architecture;
  return same && (variant(wanted) === undefined || variant(wanted) === variant(found));
}

function missing(name: string, wanted: Platform, found: readonly NamedPlatform[]): Error {
  const words = ({ os, architecture, variant }: NamedPlatform): string =>
    [os, architecture, variant].filter((word) => word !== undefined).join("/");
  const there = found.filter(({ os }) => os !== "unknown").map(words);
  return registryErrors["platform-missing"]({ name, wanted: words(wanted), found: there.join(", ") || "none" });
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };

/** This machine's, for Linux: what runs in containers. */
export function ownPlatform(): Platform {
  return { os: "linux", architecture: architectures[process.arch] ?? process.arch };
}

async function readConfig(source: ContentSource, descriptor: Descriptor, name: string): Promise<Buffer> {
  if (descriptor.size > configLimit)
    throw registryErrors["image-invalid"]({ name, reason: `its configuration has ${descriptor.size} bytes` });
  const pieces: Uint8Array[] = [];
  for await (const piece of source.blob(descriptor)) pieces.push(piece);
  return Buffer.concat(pieces);
}
