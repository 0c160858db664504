import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ContentTarget,
  type Descriptor,
  digestOf,
  type FileTree,
  type ManifestContent,
  mediaTypes,
  writeLayer,
} from "@outrigger/registry";
import type { PluginConfig } from "../config/plugin-config.ts";
import { writeConfig } from "../config/write.ts";

/**
 * What the parts of a package call themselves; the bytes of config and layer are the same. `compatible`: Docker's manifest, which registries that sort by kind
 * ask for, with OCI's type for the layer, by which an engine remembers the layer (it forgets those of Docker's own type, and then loses them). `docker`: as
 * `docker plugin push` writes it. `oci`: an OCI manifest.
 */
export type PackageMediaTypes = "compatible" | "docker" | "oci";

export interface WritePackageOptions {
  /** Default: `compatible`. */
  readonly mediaTypes?: PackageMediaTypes;
  /** 1 to 9; default: that of {@link writeLayer}. */
  readonly level?: number;
  /** The time of all files, in seconds since 1970; default 0. */
  readonly modified?: number;
}

/** A driver as content: what `docker plugin install` takes. */
export interface DriverPackage {
  readonly manifest: ManifestContent;
  readonly config: Descriptor;
  readonly layer: Descriptor;
  /** Of the files as they are unpacked, in bytes; with the tar's own. */
  readonly plainSize: number;
}

/**
 * Writes a driver into a store or registry: its configuration, its files as one gzip layer, and the manifest, under `tag` if there is one. The same
 * configuration and tree give the same digest.
 */
export async function writePackage(
  config: PluginConfig,
  tree: FileTree,
  target: ContentTarget,
  tag: string | undefined,
  options: WritePackageOptions = {},
): Promise<DriverPackage> {
  const kind = options.mediaTypes ?? "compatible";
  const scratch = await mkdtemp(join(tmpdir(), "outrigger-build-"));
  try {
    const written = await writeLayer(tree, {
      file: join(scratch, "layer"),
      mediaType: kind === "docker" ? mediaTypes.dockerLayerGzip : mediaTypes.ociLayerGzip,
      ...(options.level === undefined ? {} : { level: options.level }),
      ...(options.modified === undefined ? {} : { modified: options.modified }),
    });
    const layer = written.descriptor;
    await target.writeBlob(layer, () => createReadStream(written.file, { highWaterMark: 1024 * 1024 }));
    // As Docker does: the digest of the compressed layer, where an image's configuration has that of the plain one.
    const bytes = writeConfig({ ...config, rootfs: { diff_ids: [layer.digest], type: "layers" } });
    const descriptor: Descriptor = { mediaType: mediaTypes.dockerPluginConfig, digest: digestOf(bytes), size: bytes.length };
    await target.writeBlob(descriptor, async function* () {
      yield bytes;
    });
    const manifest = manifestOf(descriptor, layer, kind);
    await target.writeManifest(manifest, tag);
    return { manifest, config: descriptor, layer, plainSize: written.plainSize };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Docker's manifest has its media type at the end: these are the bytes of Go's json.Marshal. */
function manifestOf(config: Descriptor, layer: Descriptor, kind: PackageMediaTypes): ManifestContent {
  const parts = { config: plain(config), layers: [plain(layer)] };
  const mediaType = kind === "oci" ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
  const value = kind === "oci" ? { schemaVersion: 2, mediaType, ...parts } : { schemaVersion: 2, ...parts, mediaType };
  const bytes = Buffer.from(JSON.stringify(value));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
