import { isDeepStrictEqual } from "node:util";
import { type FileTree, treeFiles } from "@outrigger/registry";
import { clusterErrors } from "../../errors.ts";
import type { ClusterImageFacts } from "../cluster-image.ts";
import type { ImageRecord } from "../image-record.ts";
import { indexEntries, refName } from "../lite/registry-layer.ts";
import { documentsOf, scriptsOf, textOf, trustedDocuments } from "../plugin-files.ts";

const runtimeVersion = "cluster.alpha.sealer.io/cluster-runtime-version";

/** What was planned, and perhaps consented to, must be what is there. @throws cluster-image-wrong, with the tree closed */
export async function checkContent(tree: FileTree, record: ImageRecord | undefined, image: string): Promise<FileTree> {
  if (record === undefined) return tree;
  const same = isDeepStrictEqual(await documentsOf(tree), record.documents) && isDeepStrictEqual(scriptsOf(tree), record.scripts);
  if (same) return tree;
  await tree.close();
  throw clusterErrors["cluster-image-wrong"]({ image, reason: "its files are not what it says of them" });
}

/** What the files of an image say that says nothing itself: a Sealer image, or one that another tool has built. */
export async function recordOfTree(facts: ClusterImageFacts, tree: FileTree): Promise<ClusterImageFacts> {
  const scripts = scriptsOf(tree);
  const version = await metadataVersion(tree);
  const isCluster = version !== undefined || scripts.includes("create.sh") || scripts.includes("init.sh");
  return {
    ...facts,
    kind: facts.kind === "cluster" && !isCluster ? "application" : facts.kind,
    labels: version === undefined ? facts.labels : { [runtimeVersion]: version, ...facts.labels },
    scripts,
    plugins: trustedDocuments(await documentsOf(tree), facts.reference),
    containerImages: await imagesOf(tree),
  };
}

/** Sealer's file Metadata: JSON with the version of Kubernetes. */
async function metadataVersion(tree: FileTree): Promise<string | undefined> {
  const text = await smallText(tree, "Metadata");
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as { readonly version?: unknown } | null;
    return typeof value?.version === "string" ? value.version : undefined;
  } catch {
    return undefined;
  }
}

async function imagesOf(tree: FileTree): Promise<readonly string[]> {
  const text = await smallText(tree, "registry/index.json");
  return text === undefined ? [] : indexEntries(text).map(refName).toSorted();
}

async function smallText(tree: FileTree, path: string): Promise<string | undefined> {
  const files = treeFiles(tree);
  const file = files.follow(path);
  return file === undefined || file.kind !== "file" || file.size > 4 * 2 ** 20 ? undefined : textOf(files, file);
}
