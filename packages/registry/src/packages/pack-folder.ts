import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PluginManifest } from "@outrigger/plugin";
import type { ContentTarget, Descriptor } from "../content.ts";
import { digestOf } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import { writeLayer } from "../layers/write-layer.ts";
import { writeManifestBytes } from "../manifests.ts";
import { mediaTypes } from "../media-types.ts";
import { packageName } from "./names.ts";
import { pluginArtifactType, pluginConfigType } from "./package-types.ts";
import { pluginTree, readFolderManifest } from "./plugin-folder.ts";

export interface PackedPackage {
  /** In full, e.g. `docker.io/library/log-collector:1.0.0`. */
  readonly name: string;
  /** Of its manifest. */
  readonly descriptor: Descriptor;
  readonly plugin: PluginManifest;
}

/**
 * Packs a plug-in's folder (layers pod, engine and cluster) into a store. The same files give the same digest.
 * @param name default: NAME:VERSION of the plugin.yaml
 * @throws package-unpackable, manifest-invalid, reference-invalid
 */
export async function packFolder(folder: string, store: ContentTarget, name?: string): Promise<PackedPackage> {
  const plugin = await readFolderManifest(folder);
  const { metadata, spec } = plugin;
  if (spec.layer === "driver") throw registryErrors["package-unpackable"]({ folder, reason: "its layer is driver" });
  const fullName = packageName(name ?? `${metadata.name}:${metadata.version}`);
  const config = Buffer.from(JSON.stringify(plugin));
  const configuration = { mediaType: pluginConfigType, digest: digestOf(config), size: config.length };
  await store.writeBlob(configuration, async function* () {
    yield config;
  });
  const layer = await packLayer(folder, store);
  const manifest = writeManifestBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: pluginArtifactType,
    config: configuration,
    layers: [layer],
    annotations: {
      "org.opencontainers.image.title": metadata.name,
      "org.opencontainers.image.version": metadata.version,
      ...(metadata.description === undefined ? {} : { "org.opencontainers.image.description": metadata.description }),
    },
  });
  await store.writeManifest(manifest, fullName);
  return { name: fullName, descriptor: manifest.descriptor, plugin };
}

async function packLayer(folder: string, store: ContentTarget): Promise<Descriptor> {
  const place = await mkdtemp(join(tmpdir(), "outrigger-pack-"));
  const tree = await pluginTree(folder);
  try {
    const { descriptor, file } = await writeLayer(tree, { file: join(place, "layer") });
    await store.writeBlob(descriptor, () => createReadStream(file) as AsyncIterable<Uint8Array>);
    return descriptor;
  } finally {
    await tree.close();
    await rm(place, { recursive: true, force: true });
  }
}
