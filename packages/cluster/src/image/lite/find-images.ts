import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FileTree, treeFiles, treeOfTar } from "@outrigger/registry";
import { textOf } from "../plugin-files.ts";
import { chartImages } from "./chart-images.ts";
import { imagesWithAuth, listedImages } from "./image-lists.ts";
import { manifestImages } from "./manifest-images.ts";
import { type FoundImages, mostRead, type NamedImage } from "./named-image.ts";

/** Folders whose YAML files are Kubernetes manifests. */
const manifestFolders = /^(manifests|application\/apps)\//;
const chartFolders = /^(charts|application\/apps)\//;

/** All container images that a rootfs names: in manifests/, charts/, applications and imageList, and in the lists beside the Kubefile. */
export async function findImages(tree: FileTree, context: string): Promise<FoundImages> {
  const charts = chartsOf(tree);
  const found: NamedImage[] = [...imagesWithAuth(context)];
  const warnings: string[] = [];
  const files = treeFiles(tree);
  for (const entry of tree.entries) {
    const { path, kind, size } = entry;
    if (kind !== "file" || charts.some((chart) => path.startsWith(`${chart}/`))) continue;
    const isList = path === "imageList" || path === "manifests/imageList";
    const isManifest = manifestFolders.test(path) && /\.ya?ml(\.tmpl)?$/.test(path);
    if (!isList && !isManifest) continue;
    if (size > mostRead) {
      warnings.push(`${path} has more than 32 MiB, so its images were not gathered.`);
      continue;
    }
    const text = await textOf(files, entry);
    const images = isList ? listedImages(text, path) : manifestImages(text, path);
    if (images === undefined) warnings.push(`${path} is not YAML, so its images were not gathered.`);
    else found.push(...images);
  }
  for (const chart of charts) {
    const { images, warnings: more } = await chartImages(tree, chart);
    found.push(...images);
    warnings.push(...more);
  }
  for (const { path, kind } of tree.entries) {
    if (kind !== "file" || !chartFolders.test(path) || !/\.tgz$/.test(path)) continue;
    const packed = await packedChart(tree, path);
    found.push(...packed.images);
    warnings.push(...packed.warnings);
  }
  const beside = join(context, "imageList");
  if (existsSync(beside)) found.push(...listedImages(readFileSync(beside, "utf8"), "imageList"));
  return { images: found, warnings };
}

/** Folders with a Chart.yaml, without the charts inside them. */
function chartsOf(tree: FileTree): readonly string[] {
  const folders = tree.entries
    .filter(({ path }) => chartFolders.test(path) && path.endsWith("/Chart.yaml"))
    .map(({ path }) => path.slice(0, -"/Chart.yaml".length));
  return folders.filter((folder) => !folders.some((other) => folder.startsWith(`${other}/`)));
}

async function packedChart(tree: FileTree, path: string): Promise<FoundImages> {
  const entry = treeFiles(tree).at(path);
  if (entry === undefined) return { images: [], warnings: [] };
  const unpacked = await treeOfTar(tree.content(entry), { name: path });
  try {
    const top = unpacked.entries.find((each) => /^[^/]+\/Chart\.yaml$/.test(each.path))?.path.split("/")[0];
    if (top === undefined) return { images: [], warnings: [`${path} is no chart, so no images were gathered from it.`] };
    const { images, warnings } = await chartImages(unpacked, top);
    return {
      images: images.map((each) => ({ ...each, file: `${path}: ${each.file}` })),
      warnings: warnings.map((each) => `${path}: ${each}`),
    };
  } finally {
    await unpacked.close();
  }
}
