import * as z from "zod";
import type { Descriptor, ManifestContent, Platform } from "./content.ts";
import { digestOf, digestPattern } from "./digest.ts";
import { registryErrors } from "./errors.ts";
import { isIndexType, isManifestType, mediaTypes } from "./media-types.ts";

/** A manifest or index larger than this is refused before it is read whole (distribution's own limit). */
export const manifestLimit: number = 4 * 1024 * 1024;

/** An image's, a plug-in's or an artifact's manifest (manifest.md). */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A list of manifests, e.g. one for each platform (image-index.md). */
export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

const annotations = z.record(z.string(), z.string()).exactOptional();
const platform = z.looseObject({ architecture: z.string(), os: z.string(), variant: z.string().exactOptional() });

/** Keys that the specification does not know stay: other tools may need them. */
export const descriptorField: z.ZodType<Descriptor> = z.looseObject({
  mediaType: z.string(),
  digest: z.string().regex(digestPattern, "expected sha256: and 64 hex digits"),
  size: z.int().min(0),
  annotations,
  artifactType: z.string().exactOptional(),
  platform: platform.exactOptional(),
});

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().exactOptional(),
  artifactType: z.string().exactOptional(),
  subject: descriptorField.exactOptional(),
  annotations,
};

// Docker writes null where a manifest has no layers. What has both kinds of children could be read either way (CVE-2021-41190).
const manifestField = z.looseObject({
  ...common,
  config: descriptorField,
  layers: z
    .array(descriptorField)
    .nullable()
    .transform((layers) => layers ?? []),
  manifests: z.undefined("a manifest with `manifests` could be read as an index").optional(),
});
const indexField = z.looseObject({
  ...common,
  manifests: z.array(descriptorField).max(10_000),
  config: z.undefined("an index with `config` could be read as a manifest").optional(),
  layers: z.undefined("an index with `layers` could be read as a manifest").optional(),
});

/** Reads a manifest. @throws manifest-wrong for anything else, an index among them */
export function parseManifest(content: ManifestContent, source: string): Manifest {
  return parse(manifestField, content, source) as Manifest;
}

/** Reads an index. @throws manifest-wrong */
export function parseIndex(content: ManifestContent, source: string): Index {
  return parse(indexField, content, source) as Index;
}

function parse(field: z.ZodType, { bytes, descriptor }: ManifestContent, source: string): unknown {
  const wrong = (reason: string): Error => registryErrors["manifest-wrong"]({ source, reference: descriptor.digest, reason });
  const value = jsonOf(bytes);
  if (value === undefined) throw wrong("it is not JSON");
  const result = field.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw wrong(`${issue?.path.join(".") || "the document"}: ${issue?.message ?? "not understood"}`);
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Everything that a manifest or index names, without its subject. @throws manifest-wrong */
export function childrenOf(content: ManifestContent, source: string): readonly Descriptor[] {
  if (isIndexType(content.descriptor.mediaType)) return parseIndex(content, source).manifests;
  const { config, layers } = parseManifest(content, source);
  return [config, ...layers];
}

/** What a manifest or index refers to, e.g. the package that a signature is of. */
export function subjectOf(content: ManifestContent): Descriptor | undefined {
  const value = jsonOf(content.bytes);
  const subject = typeof value === "object" && value !== null && "subject" in value ? descriptorField.safeParse(value.subject) : undefined;
  return subject?.success === true ? subject.data : undefined;
}

/**
 * Bytes as a manifest: its media type is what it says of itself, and what the source said where it says nothing.
 * @throws manifest-wrong when the two are different or it is no type that we know
 */
export function manifestFrom(bytes: Uint8Array, told: string | undefined, source: string, reference: string): ManifestContent {
  const wrong = (reason: string): Error => registryErrors["manifest-wrong"]({ source, reference, reason });
  const value = jsonOf(bytes);
  if (typeof value !== "object" || value === null) throw wrong("it is not a JSON object");
  const own = "mediaType" in value ? value.mediaType : undefined;
  if (own !== undefined && told !== undefined && isManifestType(told) && own !== told)
    throw wrong(`it is ${String(own)}, but was given as ${told}`);
  // OCI manifests need not say what they are.
  const mediaType =
    typeof own === "string"
      ? own
      : (told ?? ("manifests" in value ? mediaTypes.ociIndex : "layers" in value ? mediaTypes.ociManifest : undefined));
  if (mediaType === undefined || !isManifestType(mediaType)) throw wrong(`its media type ${mediaType ?? "(none)"} is unknown`);
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** A manifest of ours: JSON without spaces, keys as they stand. */
export function writeManifestBytes(manifest: Manifest | Index): ManifestContent {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const mediaType = manifest.mediaType ?? ("manifests" in manifest ? mediaTypes.ociIndex : mediaTypes.ociManifest);
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** The descriptor of an index's manifest for a platform: the same variant first, then one without a variant, then the first of its architecture. Pure. */
export function choosePlatform(index: Index, wanted: Platform): Descriptor | undefined {
  const fitting = index.manifests.filter(({ platform: found }) => found?.os === wanted.os && found.architecture === wanted.architecture);
  return (
    fitting.find(({ platform: found }) => found?.variant === wanted.variant) ??
    fitting.find(({ platform: found }) => found?.variant === undefined) ??
    fitting[0]
  );
}

/** `linux/arm/v7` */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((word) => word !== undefined).join("/");
}

/** This machine, as Go names it. */
export function ownPlatform(): Platform {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", arm64: "arm64", arm: "arm" };
  return { os: process.platform, architecture: architectures[process.arch] ?? process.arch };
}
