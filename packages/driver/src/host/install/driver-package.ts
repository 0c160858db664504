import { asRecord, asRecords, formatProblem, wordsOf } from "@outrigger/plugin";
import type { ContentSource, Descriptor, ManifestContent } from "@outrigger/registry";
import type { PluginConfig } from "../../config/plugin-config.ts";
import { readConfig } from "../../config/read.ts";
import { driverErrors } from "../../errors.ts";

/** A managed plug-in as it lies in a registry or a layout. */
export interface DriverPackage {
  readonly source: ContentSource;
  /** The manifest, after the index where there is one. */
  readonly manifest: ManifestContent;
  readonly config: PluginConfig;
  readonly configDescriptor: Descriptor;
  /** From the lowest to the highest. */
  readonly layers: readonly Descriptor[];
}

const configType = "application/vnd.docker.plugin.v1+json";
const indexTypes = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
/** Uncompressed and gzip; engines skip any other without a word, and the driver would be empty. */
const layerTypes = /^application\/vnd\.(docker\.image\.rootfs\.diff\.tar(\.gzip)?|oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?)$/;
const largestConfig = 4 * 1024 * 1024;

/** Reads a plug-in's manifest and configuration; of an index the one for this machine. @throws package-not-driver, and what the source throws */
export async function readDriverPackage(source: ContentSource, reference: string, name: string): Promise<DriverPackage> {
  const refuse = (reason: string): Error => driverErrors["package-not-driver"]({ name, reason });
  let manifest = await source.manifest(reference);
  let document = parse(manifest.bytes, refuse);
  if (indexTypes.includes(mediaTypeOf(manifest, document))) {
    const entry = asRecords(document["manifests"]).find(({ platform }) => isHere(asRecord(platform)));
    if (entry === undefined) throw refuse(`it has nothing for linux/${goArchitecture()}`);
    manifest = await source.manifest(readDescriptor(entry, refuse).digest);
    document = parse(manifest.bytes, refuse);
  }
  const configDescriptor = readDescriptor(asRecord(document["config"]), refuse);
  if (configDescriptor.mediaType !== configType) throw refuse(`its configuration is of the type ${configDescriptor.mediaType}`);
  if (configDescriptor.size > largestConfig) throw refuse("its configuration is larger than 4 MiB");
  const layers = asRecords(document["layers"]).map((layer) => readDescriptor(layer, refuse));
  const strange = layers.find(({ mediaType }) => !layerTypes.test(mediaType));
  if (strange !== undefined) throw refuse(`a layer is of the type ${strange.mediaType}`);
  if (layers.length === 0) throw refuse("it has no files");
  const text = Buffer.concat(await Array.fromAsync(source.blob(configDescriptor))).toString("utf8");
  const config = readConfig(text, "config.json");
  if (!config.ok) throw refuse(config.problems.map((problem) => formatProblem(problem)).join("; "));
  return { source, manifest, config: config.value.config, configDescriptor, layers };
}

function parse(bytes: Uint8Array, refuse: (reason: string) => Error): Readonly<Record<string, unknown>> {
  try {
    return asRecord(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (error) {
    throw refuse(`its manifest can't be read: ${wordsOf(error)}`);
  }
}

function mediaTypeOf(manifest: ManifestContent, document: Readonly<Record<string, unknown>>): string {
  return typeof document["mediaType"] === "string" ? document["mediaType"] : manifest.descriptor.mediaType;
}

function readDescriptor(value: Readonly<Record<string, unknown>>, refuse: (reason: string) => Error): Descriptor {
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== "string" || typeof digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw refuse("its manifest names something without a type or a SHA-256 digest");
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw refuse(`its manifest gives ${digest} no size`);
  return { mediaType, digest, size };
}

function isHere(platform: Readonly<Record<string, unknown>>): boolean {
  return platform["os"] === "linux" && platform["architecture"] === goArchitecture();
}

/** This machine's architecture as Go names it. */
export function goArchitecture(architecture: string = process.arch): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };
  return names[architecture] ?? architecture;
}
