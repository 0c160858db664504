import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Descriptor,
  digestOf,
  filePiece,
  mediaTypes,
  openRepository,
  packageReference,
  type RegistryOptions,
  treeOfPieces,
  writeLayer,
  writeManifestBytes,
} from "@outrigger/registry";

/** Pushes an image with one file, `app`, which says its architecture: an index where there are several. */
export async function pushTinyImage(reference: string, architectures: readonly string[], options: RegistryOptions = {}): Promise<void> {
  const parsed = packageReference(reference);
  const repository = openRepository(parsed, options);
  const folder = await mkdtemp(join(tmpdir(), "outrigger-tiny-"));
  try {
    const manifests: Descriptor[] = [];
    const single = architectures.length === 1;
    for (const architecture of architectures) {
      const { descriptor: layer, diffId, file } = await writeLayer(treeOfPieces([filePiece("app", architecture)]), { directory: folder });
      await repository.writeBlob(layer, () => createReadStream(file));
      const bytes = Buffer.from(JSON.stringify({ architecture, os: "linux", rootfs: { type: "layers", diff_ids: [diffId] } }));
      const config = { mediaType: mediaTypes.ociImageConfig, digest: digestOf(bytes), size: bytes.length };
      await repository.writeBlob(config, async function* () {
        yield bytes;
      });
      const manifest = writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] });
      await repository.writeManifest(manifest, single ? (parsed.tag ?? undefined) : undefined);
      manifests.push({ ...manifest.descriptor, platform: { os: "linux", architecture } });
    }
    if (!single)
      await repository.writeManifest(
        writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
        parsed.tag ?? undefined,
      );
  } finally {
    repository.close();
    await rm(folder, { recursive: true, force: true });
  }
}
