import { type Layer, type PluginManifest, pluginManifestField } from "@outrigger/plugin";
import type { ContentSource, Descriptor, ManifestContent, Platform } from "../content.ts";
import { readContent } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import type { ReferrerSource } from "../layout/layout.ts";
import { choosePlatform, type Manifest, ownPlatform, parseIndex, parseManifest } from "../manifests.ts";
import { isIndexType, mediaTypes } from "../media-types.ts";
import { keyAnnotation, signatureArtifactType } from "../signing/signature-types.ts";
import { type ClusterImageSummary, clusterImageSummary } from "./cluster-image-summary.ts";
import { configLimit, pluginConfigType } from "./package-types.ts";

/** What a package is, as it says itself. */
export interface PackageDescription {
  /** Undefined for what is no plug-in: images, other artifacts. */
  readonly layer?: Layer;
  readonly name?: string;
  readonly version?: string;
  /** Of what the reference names: an index where there is one for several platforms. */
  readonly digest: string;
  readonly mediaType: string;
  /** Of the manifest, its configuration and its layers, in bytes. */
  readonly size: number;
  readonly platforms: readonly Platform[];
  /** plugin.yaml; absent for drivers that were not made from one. */
  readonly plugin?: PluginManifest;
  /** A driver's config.json, as it is in the package. */
  readonly config?: unknown;
  /** What a cluster image says of itself; absent for all else. */
  readonly clusterImage?: ClusterImageSummary;
  /** Its only manifest, or that of the platform of this machine, else the first. */
  readonly manifest: Manifest;
  readonly manifestDigest: string;
  /** Fingerprints of the keys that signatures say they are by. That is no proof: {@link verifySignatures} is. */
  readonly signedBy: readonly string[];
}

/** Looks at a package without reading its layers. @throws package-wrong, manifest-unknown and the source's own */
export async function describePackage(source: ContentSource & Partial<ReferrerSource>, reference: string): Promise<PackageDescription> {
  const root = await source.manifest(reference);
  const { content, platforms } = await chooseManifest(source, root);
  const manifest = parseManifest(content, source.name);
  const about = await readConfig(source, reference, manifest);
  const metadata = about.plugin?.metadata;
  const name = metadata?.name ?? manifest.annotations?.["org.opencontainers.image.title"];
  const version = metadata?.version ?? manifest.annotations?.["org.opencontainers.image.version"];
  const clusterImage = clusterImageSummary(manifest.annotations);
  const sizes = [manifest.config, ...manifest.layers].map(({ size }) => size);
  return {
    ...about,
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    digest: root.descriptor.digest,
    mediaType: root.descriptor.mediaType,
    size: sizes.reduce((sum, size) => sum + size, content.bytes.length),
    platforms,
    ...(clusterImage === undefined ? {} : { clusterImage }),
    manifest,
    manifestDigest: content.descriptor.digest,
    signedBy: await signers(source, root.descriptor),
  };
}

/** The manifest itself, or an index's for this machine, else its first. @throws package-wrong */
export async function chooseManifest(
  source: ContentSource,
  root: ManifestContent,
): Promise<{ readonly content: ManifestContent; readonly platforms: readonly Platform[] }> {
  if (!isIndexType(root.descriptor.mediaType)) return { content: root, platforms: [] };
  const index = parseIndex(root, source.name);
  const chosen = choosePlatform(index, ownPlatform()) ?? index.manifests[0];
  if (chosen === undefined)
    throw registryErrors["package-wrong"]({ source: source.name, reference: root.descriptor.digest, reason: "its index is empty" });
  return { content: await source.manifest(chosen.digest), platforms: index.manifests.flatMap(({ platform }) => platform ?? []) };
}

async function readConfig(
  source: ContentSource,
  reference: string,
  { config }: Manifest,
): Promise<Pick<PackageDescription, "layer" | "plugin" | "config">> {
  const isDriver = config.mediaType === mediaTypes.dockerPluginConfig;
  if (!isDriver && config.mediaType !== pluginConfigType) return {};
  const wrong = (reason: string): Error => registryErrors["package-wrong"]({ source: source.name, reference, reason });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(await readContent(source, config, configLimit)).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong("its configuration is not JSON");
    throw error;
  }
  const written = isDriver ? (value as { readonly Outrigger?: unknown } | null)?.Outrigger : value;
  if (isDriver && written === undefined) return { layer: "driver", config: value };
  const plugin = pluginManifestField.safeParse(written);
  if (!plugin.success) throw wrong("its configuration holds no plugin.yaml");
  if ((plugin.data.spec.layer === "driver") !== isDriver) throw wrong(`it says that it is of the layer ${plugin.data.spec.layer}`);
  return { layer: plugin.data.spec.layer, plugin: plugin.data, ...(isDriver ? { config: value } : {}) };
}

async function signers(source: Partial<ReferrerSource>, { digest }: Descriptor): Promise<readonly string[]> {
  const found = (await source.referrers?.(digest, signatureArtifactType)) ?? [];
  return found.map(({ annotations }) => annotations?.[keyAnnotation] ?? "unknown");
}
