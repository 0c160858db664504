import { formatProblem } from "@outrigger/plugin";
import {
  type ContentSource,
  choosePlatform,
  type Descriptor,
  isIndexType,
  type ManifestContent,
  mediaTypes,
  ownPlatform,
  parseIndex,
  parseManifest,
  readContent,
} from "@outrigger/registry";
import type { PluginConfig } from "../../config/plugin-config.ts";
import { readConfig } from "../../config/read.ts";
import { driverErrors } from "../../errors.ts";

/** A managed plug-in as it lies in a registry or a layout. */
export interface FoundDriver {
  readonly source: ContentSource;
  /** Of an index the one for this machine. */
  readonly manifest: ManifestContent;
  readonly config: PluginConfig;
  /** From the lowest to the highest. */
  readonly layers: readonly Descriptor[];
}

/** Plain, gzip and zstd. What is of another type engines skip without a word, and the driver would be empty. */
const layerTypes = /^application\/vnd\.(docker\.image\.rootfs\.diff\.tar(\.gzip)?|oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?)$/;
const largestConfig = 4 * 1024 * 1024;

/** Reads a plug-in's manifest and configuration. @throws package-not-driver, and what the source throws */
export async function findDriverPackage(source: ContentSource, reference: string, name: string): Promise<FoundDriver> {
  const refuse = (reason: string): Error => driverErrors["package-not-driver"]({ name, reason });
  const manifest = await manifestHere(source, reference, refuse);
  const { config: descriptor, layers } = parseManifest(manifest, name);
  if (descriptor.mediaType !== mediaTypes.dockerPluginConfig) throw refuse(`its configuration is of the type ${descriptor.mediaType}`);
  const strange = layers.find(({ mediaType }) => !layerTypes.test(mediaType));
  if (strange !== undefined) throw refuse(`a layer is of the type ${strange.mediaType}`);
  if (layers.length === 0) throw refuse("it has no files");
  const text = Buffer.from(await readContent(source, descriptor, largestConfig)).toString("utf8");
  const config = readConfig(text, "config.json");
  if (!config.ok) throw refuse(config.problems.map((problem) => formatProblem(problem)).join("; "));
  return { source, manifest, config: config.value.config, layers };
}

async function manifestHere(source: ContentSource, reference: string, refuse: (reason: string) => Error): Promise<ManifestContent> {
  const root = await source.manifest(reference);
  if (!isIndexType(root.descriptor.mediaType)) return root;
  const platform = ownPlatform();
  const chosen = choosePlatform(parseIndex(root, source.name), platform);
  if (chosen === undefined) throw refuse(`it has nothing for ${platform.os}/${platform.architecture}`);
  return source.manifest(chosen.digest);
}
