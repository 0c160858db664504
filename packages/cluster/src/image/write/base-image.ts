import {
  choosePlatform,
  copyContent,
  flattenImage,
  type ImageConfig,
  type ImageFiles,
  imageFiles,
  isIndexType,
  type Layout,
  type Manifest,
  type Platform,
  parseIndex,
  parseManifest,
  readContent,
} from "@outrigger/registry";
import { clusterErrors } from "../../errors.ts";
import { type ImageRecord, recordOf } from "../image-record.ts";
import { type FindImageOptions, findImage, type ImagePlace } from "../open/image-place.ts";
import { sealerRecord } from "../open/sealer-image.ts";

/** An image that another is built on; its layers are in the store. */
export interface BaseImage extends ImageFiles {
  /** Its full name; absent for layouts, whose place means nothing elsewhere. */
  readonly name?: string;
  readonly digest: string;
  readonly manifest: Manifest;
  /** The whole configuration. */
  readonly json: Readonly<Record<string, unknown>> & ImageConfig;
  /** What it says as a cluster image, in our words or Sealer's. */
  readonly record?: Pick<ImageRecord, "kind" | "commands" | "applications" | "containerImages">;
}

const configLimit = 8 * 2 ** 20;

/** Gives images by name and architecture, fetched into the store when they are needed. The system is linux. @throws those of {@link findImage} and `flattenImage` */
export function baseOpener(store: Layout, options: FindImageOptions): (reference: string, architecture: string) => Promise<BaseImage> {
  return async (reference, architecture) => {
    const place = await findImage(reference, store, options);
    try {
      const digest = await manifestFor(place, { os: "linux", architecture });
      if (place.source !== store) await copyContent(place.source, digest, store, undefined, { referrers: false });
      const flat = await flattenImage(store, digest, { platform: { os: "linux", architecture } });
      const manifest = parseManifest(await store.manifest(digest), store.name);
      const json = JSON.parse(Buffer.from(await readContent(store, manifest.config, configLimit)).toString("utf8")) as BaseImage["json"];
      const own = recordOf(json);
      if (own === "wrong") {
        await flat.tree.close();
        throw clusterErrors["cluster-image-wrong"]({ image: reference, reason: "what it says of itself can't be read" });
      }
      const record = own ?? sealerRecord(manifest);
      return {
        ...imageFiles(flat),
        ...(place.name === undefined ? {} : { name: place.name }),
        digest,
        manifest,
        json,
        ...(record === undefined ? {} : { record }),
      };
    } finally {
      place.close();
    }
  };
}

/** The digest of the manifest for a platform: of an index's, or the image's own. @throws platform-missing when it is read */
export async function manifestFor({ source, digest }: Pick<ImagePlace, "source" | "digest">, platform: Platform): Promise<string> {
  const content = await source.manifest(digest);
  if (!isIndexType(content.descriptor.mediaType)) return digest;
  return choosePlatform(parseIndex(content, source.name), platform)?.digest ?? digest;
}
