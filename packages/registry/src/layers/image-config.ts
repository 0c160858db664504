import { z } from "zod";
import type { ContentSource } from "../content.ts";
import { digestPattern, readContent } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import type { Manifest } from "../manifests.ts";

type Words = readonly string[] | null;

/** An image's configuration (OCI image specification 1.1, config.md); Docker writes null where nothing is. What is not named here is there as well. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  /** What a container of the image runs. */
  readonly config?: {
    readonly Entrypoint?: Words;
    readonly Cmd?: Words;
    readonly Env?: Words;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly WorkingDir?: string | null;
    readonly User?: string | null;
  } | null;
  readonly rootfs: { readonly diff_ids: readonly string[] | null };
}

const words = z.array(z.string()).nullable().exactOptional();
const text = z.string().nullable().exactOptional();

const configField: z.ZodType<ImageConfig> = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: z.string().exactOptional(),
  config: z
    .looseObject({
      Entrypoint: words,
      Cmd: words,
      Env: words,
      Labels: z.record(z.string(), z.string()).nullable().exactOptional(),
      WorkingDir: text,
      User: text,
    })
    .nullable()
    .exactOptional(),
  rootfs: z.looseObject({ type: z.literal("layers"), diff_ids: z.array(z.string().regex(digestPattern)).nullable() }),
});

const configTypes = ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
const layerType = /^application\/vnd\.(oci\.image\.layer\.v1\.tar(\+gzip|\+zstd)?|docker\.image\.rootfs\.diff\.tar(\.gzip|\.zstd)?)$/;
const configLimit = 8 * 2 ** 20;

/** The configuration of an image whose layers can be read. @param name for messages @throws image-invalid; what the source throws */
export async function readImageConfig(source: ContentSource, { config, layers }: Manifest, name: string): Promise<ImageConfig> {
  const invalid = (reason: string, cause?: unknown): Error => registryErrors["image-invalid"]({ name, reason }, { cause });
  if (!configTypes.includes(config.mediaType)) throw invalid(`its configuration is ${config.mediaType}, no image's`);
  const other = layers.find(({ mediaType }) => !layerType.test(mediaType));
  if (other !== undefined) throw invalid(`a layer is ${other.mediaType}, which can't be read`);
  const found = parseImageConfig(await readContent(source, config, configLimit), name);
  const diffIds = found.rootfs.diff_ids ?? [];
  if (diffIds.length !== layers.length) throw invalid(`it has ${layers.length} layers and ${diffIds.length} diff_ids`);
  return found;
}

/** @throws image-invalid */
export function parseImageConfig(bytes: Uint8Array, name: string): ImageConfig {
  const invalid = (reason: string, cause?: unknown): Error => registryErrors["image-invalid"]({ name, reason }, { cause });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid("its configuration is not JSON", error);
  }
  const result = configField.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`its configuration: ${issue?.path.join(".") || "the document"}: ${issue?.message ?? "not understood"}`);
}
