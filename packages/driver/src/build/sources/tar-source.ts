import { type ContentSource, type FileTree, flattenImage, imageFiles, openDockerArchive, openLayout, treeOfTar } from "@outrigger/registry";
import { readDescription } from "../../config/description.ts";
import { driverErrors } from "../../errors.ts";
import { defaultsOf } from "./dockerfile-source.ts";
import type { OpenedSource, SourceContext } from "./opened-source.ts";
import { subTree } from "./sub-tree.ts";

/**
 * A tar, whatever it holds: an image layout, what `docker save` wrote, a plug-in (config.json or plugin.yaml beside rootfs/), else a root filesystem, as
 * `docker export` writes it. `name` chooses one of several images.
 */
export async function tarSource(file: string, name: string | undefined, context: SourceContext): Promise<OpenedSource> {
  const tree = await treeOfTar(file);
  try {
    const has = (path: string): boolean => tree.entries.some((entry) => entry.path === path);
    if (has("index.json") || has("manifest.json")) {
      await tree.close();
      return await archiveSource(file, name, context);
    }
    const description = ["plugin.yaml", "config.json"].find(has);
    if (description === undefined || !has("rootfs")) return { tree };
    const path = `${file}/${description}`;
    return { tree: subTree(tree, "rootfs", file), description: readDescription(await textOf(tree, description), path) };
  } catch (error) {
    await tree.close();
    throw error;
  }
}

/** An archive of images: `docker save`, an image layout as a tar. */
async function archiveSource(file: string, name: string | undefined, context: SourceContext): Promise<OpenedSource> {
  const archive = await openDockerArchive(file);
  try {
    const names = archive.list().map((image) => image.names[0] ?? image.digest);
    return await imageOf(archive, names, name, context, archive.close);
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** An image layout in a folder. */
export async function folderLayoutSource(folder: string, name: string | undefined, context: SourceContext): Promise<OpenedSource> {
  const layout = await openLayout(folder);
  const names = (await layout.list()).map((each) => each.name);
  return imageOf(layout, names, name, context, async () => {});
}

async function imageOf(
  source: ContentSource,
  names: readonly string[],
  wanted: string | undefined,
  { architecture }: SourceContext,
  closeSource: () => Promise<void>,
): Promise<OpenedSource> {
  const chosen = wanted ?? (names.length === 1 ? names[0] : undefined);
  if (chosen === undefined) {
    const reason = names.length === 0 ? "no image in it has a name" : `it holds ${names.length} images (${names.join(", ")}); add #NAME`;
    throw driverErrors["driver-source-unknown"]({ source: source.name, reason });
  }
  const { tree, config } = imageFiles(await flattenImage(source, chosen, { platform: { os: "linux", architecture } }));
  const close = async (): Promise<void> => {
    await tree.close();
    await closeSource();
  };
  return {
    tree: { ...tree, close },
    image: defaultsOf(config),
    ...(config.architecture === undefined ? {} : { architecture: config.architecture }),
  };
}

async function textOf(tree: FileTree, path: string): Promise<string> {
  const entry = tree.entries.find((each) => each.path === path);
  return entry === undefined ? "" : Buffer.concat(await Array.fromAsync(tree.content(entry), (piece) => Buffer.from(piece))).toString();
}
