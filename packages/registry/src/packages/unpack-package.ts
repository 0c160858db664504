import { randomUUID } from "node:crypto";
import { lstat, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { ContentSource } from "../content.ts";
import { registryErrors } from "../errors.ts";
import { unpackLayer } from "../layers/unpack.ts";
import { mediaTypes } from "../media-types.ts";
import { describePackage, type PackageDescription } from "./describe-package.ts";
import { pluginTree, readFolderManifest } from "./plugin-folder.ts";

const layerTypes: readonly string[] = [
  mediaTypes.ociLayerGzip,
  mediaTypes.ociLayerTar,
  mediaTypes.dockerLayerGzip,
  "application/vnd.docker.image.rootfs.diff.tar",
];

/**
 * Writes a package into a folder that must not exist: a plug-in's own folder; of a driver `config.json` and `rootfs/`. What fails leaves nothing.
 * @throws folder-exists, package-wrong, archive-invalid, archive-too-large, digest-wrong and the source's own
 */
export async function unpackPackage(source: ContentSource, reference: string, directory: string): Promise<PackageDescription> {
  const folder = resolve(directory);
  await refuseExisting(folder);
  const description = await describePackage(source, reference);
  const wrong = (reason: string): Error => registryErrors["package-wrong"]({ source: source.name, reference, reason });
  const [layer, ...more] = description.manifest.layers;
  if (description.layer === undefined) throw wrong("it is no plug-in");
  if (layer === undefined || more.length > 0) throw wrong(`it has ${description.manifest.layers.length} layers instead of one`);
  if (!layerTypes.includes(layer.mediaType)) throw wrong(`its layer is ${layer.mediaType}`);

  const draft = join(dirname(folder), `.${basename(folder)}.${randomUUID()}`);
  try {
    await mkdir(draft, { recursive: true });
    if (description.layer === "driver") {
      await writeFile(join(draft, "config.json"), `${JSON.stringify(description.config, undefined, 2)}\n`);
      await unpackLayer(source.blob(layer), join(draft, "rootfs"), { name: reference });
    } else {
      const inside = join(draft, "plugin");
      await unpackLayer(source.blob(layer), inside, { name: reference, owner: "mine" });
      // What was inspected, and perhaps granted, must be what is there.
      if (!isDeepStrictEqual(await readFolderManifest(inside), description.plugin))
        throw wrong("its plugin.yaml is not what its configuration says");
      await (await pluginTree(inside)).close();
    }
    await refuseExisting(folder);
    await rename(description.layer === "driver" ? draft : join(draft, "plugin"), folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return description;
}

async function refuseExisting(folder: string): Promise<void> {
  if ((await lstat(folder).catch(() => undefined)) !== undefined) throw registryErrors["folder-exists"]({ folder });
}
