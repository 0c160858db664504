import { randomBytes } from "node:crypto";
import { type ContentTarget, type Descriptor, digestOf, type ManifestContent, mediaTypes, writeManifestBytes } from "@outrigger/registry";

/** Bytes as a blob: its descriptor, and its content in pieces. */
export interface TestBlob {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  readonly content: () => AsyncGenerator<Uint8Array>;
}

export function blobOf(bytes: Buffer, mediaType: string = mediaTypes.ociLayerGzip): TestBlob {
  return {
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
    bytes,
    content: async function* () {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    },
  };
}

export interface TestImage {
  readonly manifest: ManifestContent;
  readonly blobs: readonly TestBlob[];
}

/** An image of random layers. */
export function imageOf(sizes: readonly number[] = [100_000], config: object = { os: "linux", architecture: "amd64" }): TestImage {
  const layers = sizes.map((size) => blobOf(randomBytes(size)));
  const configuration = blobOf(
    Buffer.from(JSON.stringify({ ...config, rootfs: { type: "layers", diff_ids: layers.map(({ descriptor }) => descriptor.digest) } })),
    mediaTypes.ociImageConfig,
  );
  const manifest = writeManifestBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: configuration.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  return { manifest, blobs: [configuration, ...layers] };
}

export async function writeImage(target: ContentTarget, { manifest, blobs }: TestImage, tag?: string): Promise<void> {
  for (const { descriptor, content } of blobs) await target.writeBlob(descriptor, content);
  await target.writeManifest(manifest, tag);
}

export async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(content));
}
