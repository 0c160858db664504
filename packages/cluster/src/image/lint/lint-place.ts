import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Layout, ownPlatform, type Platform, piecesOf, treeOfDirectory, treeOfPieces } from "@outrigger/registry";
import { buildClusterImage } from "../build-cluster-image.ts";
import { type OpenClusterImageOptions, openClusterImage } from "../open-cluster-image.ts";
import { documentsOf, pluginFolders } from "../plugin-files.ts";
import type { ImageFinding } from "./finding.ts";
import { lintImage } from "./lint-image.ts";

export interface LintPlaceRequest extends OpenClusterImageOptions {
  /** A folder (with a Kubefile, a rootfs, or plug-ins alone) or an image. */
  readonly place: string;
  /** A Kubefile; its context is `place`. */
  readonly file?: string;
  readonly say: (line: string) => void;
}

/**
 * Checks a folder or an image. A folder with a Kubefile is built, without its container images and without a name; one with scripts/ or plugins/ is taken as a
 * rootfs, any other as the content of plugins/.
 */
export async function lintPlace(request: LintPlaceRequest, store: Layout): Promise<readonly ImageFinding[]> {
  const { place, file } = request;
  const platform: Platform = { ...ownPlatform(), os: "linux" };
  const isFolder = existsSync(place) && statSync(place).isDirectory() && !existsSync(join(place, "oci-layout"));
  const kubefile = file ?? (isFolder && existsSync(join(place, "Kubefile")) ? join(place, "Kubefile") : undefined);
  if (kubefile !== undefined) {
    const context = isFolder ? place : dirname(kubefile);
    const built = await buildClusterImage(
      { ...request, context, file: kubefile, names: [], platforms: [platform], images: "skip", force: true },
      store,
    );
    return built.platforms.flatMap(({ findings }) => findings);
  }
  if (isFolder) return lintFolder(place, platform);
  const image = await openClusterImage(place, { ...request, store });
  try {
    const [first = platform] = image.platforms;
    const tree = await image.rootfs(first);
    return await lintImage({ tree, kind: image.kind, platform: first, documents: await documentsOf(tree) });
  } finally {
    await image.close();
  }
}

async function lintFolder(folder: string, platform: Platform): Promise<readonly ImageFinding[]> {
  const isRootfs = ["scripts", ...pluginFolders].some((name) => existsSync(join(folder, name)));
  const found = await treeOfDirectory(folder, { attributes: "leave" });
  if (isRootfs) {
    const kind = existsSync(join(folder, "scripts")) ? "cluster" : "application";
    const findings = await lintImage({ tree: found, kind, platform, documents: await documentsOf(found) });
    return findings.map((each) => ({ ...each, file: join(folder, each.file) }));
  }
  const moved = piecesOf(found, (entry) => ({
    ...entry,
    path: entry.path === "" ? "plugins" : `plugins/${entry.path}`,
    ...(entry.kind === "hardlink" ? { target: `plugins/${entry.target}` } : {}),
  }));
  const tree = treeOfPieces(moved, found.close);
  const findings = await lintImage({ tree, kind: "application", platform, documents: await documentsOf(tree) });
  return findings.map((each) => ({ ...each, file: join(folder, each.file.replace(/^plugins\//, "")) }));
}
