import { z } from "zod";
import type { ManifestContent } from "../content.ts";
import { registryErrors } from "../errors.ts";

/** A platform as documents have it. */
export interface NamedPlatform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
}

interface Named {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface ImageIndex {
  readonly manifests: readonly (Named & { readonly platform?: NamedPlatform | undefined })[];
}

export interface ImageManifest {
  readonly config: Named;
  readonly layers: readonly Named[];
}

type Words = readonly string[] | null | undefined;

/** An image's configuration (OCI image specification 1.1, config.md); Docker writes null where nothing is. What is not named here is there as well. */
export interface ImageConfig extends NamedPlatform {
  /** What a container of the image runs. */
  readonly config?:
    | {
        readonly Entrypoint?: Words;
        readonly Cmd?: Words;
        readonly Env?: Words;
        readonly WorkingDir?: string | null | undefined;
        readonly User?: string | null | undefined;
      }
    | null
    | undefined;
  readonly rootfs: { readonly diff_ids: readonly string[] | null };
}

const descriptor = z.looseObject({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
});

const platform = z.looseObject({ architecture: z.string(), os: z.string(), variant: z.string().optional() });

const index: z.ZodType<ImageIndex> = z.looseObject({
  schemaVersion: z.literal(2),
  manifests: z.array(z.looseObject({ ...descriptor.shape, platform: platform.optional() })),
});

const manifest: z.ZodType<ImageManifest> = z.looseObject({ schemaVersion: z.literal(2), config: descriptor, layers: z.array(descriptor) });

const execution = z.looseObject({
  Entrypoint: z.array(z.string()).nullish(),
  Cmd: z.array(z.string()).nullish(),
  Env: z.array(z.string()).nullish(),
  WorkingDir: z.string().nullish(),
  User: z.string().nullish(),
});

const config: z.ZodType<ImageConfig> = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().optional(),
  config: execution.nullish(),
  rootfs: z.looseObject({ type: z.literal("layers"), diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).nullable() }),
});

const indexTypes = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const manifestTypes = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const configTypes = ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
const layerType = /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(\.gzip|\.zstd)?)$/;

/** Reads a manifest or an index, whichever its media type says. @throws image-invalid */
export function readImageManifest({ descriptor: { mediaType }, bytes }: ManifestContent, name: string): ImageIndex | ImageManifest {
  if (indexTypes.includes(mediaType)) return read(index, bytes, name, "index");
  if (!manifestTypes.includes(mediaType)) throw registryErrors["image-invalid"]({ name, reason: `it is ${mediaType}, no image` });
  const found = read(manifest, bytes, name, "manifest");
  if (!configTypes.includes(found.config.mediaType)) {
    throw registryErrors["image-invalid"]({ name, reason: `its configuration is ${found.config.mediaType}, no image's` });
  }
  const other = found.layers.find((layer) => !layerType.test(layer.mediaType));
  if (other !== undefined) throw registryErrors["image-invalid"]({ name, reason: `a layer is ${other.mediaType}, which can't be read` });
  return found;
}

/** @throws image-invalid */
export function readImageConfig(bytes: Uint8Array, name: string): ImageConfig {
  return read(config, bytes, name, "configuration");
}

function read<T>(schema: z.ZodType<T>, bytes: Uint8Array, name: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw registryErrors["image-invalid"]({ name, reason: `its ${what} is no JSON` }, { cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw registryErrors["image-invalid"]({ name, reason: `its ${what} is not right${where}: ${issue?.message ?? ""}` });
}
