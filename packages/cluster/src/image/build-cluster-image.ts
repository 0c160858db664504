import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import {
  contextTree,
  type Descriptor,
  type FileTree,
  type Index,
  type Layout,
  mediaTypes,
  neededStages,
  type Platform,
  parseDockerfile,
  stagesOf,
  writeManifestBytes,
} from "@outrigger/registry";
import { clusterErrors } from "../errors.ts";
import { type BuiltPlatform, buildPlatform, type PlatformBuild } from "./build-platform.ts";
import type { ClusterImageKind } from "./cluster-image.ts";
import { kubefileProblems } from "./kubefile/keywords.ts";
import type { GatherOptions } from "./lite/gather-images.ts";
import { authListName } from "./lite/image-lists.ts";
import type { FindImageOptions } from "./open/image-place.ts";

export interface BuildClusterImageRequest extends FindImageOptions {
  /** The folder that COPY copies from. */
  readonly context: string;
  /** Default: `Kubefile` in the context. */
  readonly file?: string;
  /** Full names in the store, e.g. `docker.io/library/tiny:1`. */
  readonly names: readonly string[];
  readonly platforms: readonly Platform[];
  readonly args?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Default: that of the image below, else `cluster`. */
  readonly kind?: ClusterImageKind;
  /** The stage to build; default: the last. */
  readonly target?: string;
  /** How container images are gathered; `skip` leaves them where they are. */
  readonly images: GatherOptions | "skip";
  /** Findings that are errors do not stop the build. */
  readonly force?: boolean;
  /** Told what is done, a line at a time. */
  readonly say: (line: string) => void;
}

export interface BuiltClusterImage {
  readonly names: readonly string[];
  /** Of the manifest, or of the index of several platforms. */
  readonly descriptor: Descriptor;
  readonly platforms: readonly BuiltPlatform[];
}

/**
 * Builds a Kubefile into a store, for each platform, and checks what came out. The same files give the same digest, as long as nothing is fetched by RUN or
 * from an address without a checksum.
 *
 * @throws kubefile-invalid, dockerfile-unusable, cluster-image-lint-failed, image-gathering-failed, run-instruction-failed; those of finding the image below
 */
export async function buildClusterImage(request: BuildClusterImageRequest, store: Layout): Promise<BuiltClusterImage> {
  const file = request.file ?? join(request.context, "Kubefile");
  const shown = relative(process.cwd(), file) || file;
  if (!existsSync(file)) throw clusterErrors["kubefile-missing"]({ file: shown });
  const parsed = parseDockerfile(readFileSync(file, "utf8"), shown);
  const problems = kubefileProblems(parsed);
  if (problems.length > 0) throw clusterErrors["kubefile-invalid"]({ file: shown, count: counted(problems.length) }, { problems });
  const stages = stagesOf(parsed);
  const needed = neededStages(stages.stages, request.target);
  if (needed === undefined) throw clusterErrors["kubefile-stage-unknown"]({ file: shown, stage: request.target ?? "" });
  const context = withoutSecrets(await contextTree(request.context, file));
  try {
    const build: PlatformBuild = { request, parsed, stages, needed, context, store };
    const built: BuiltPlatform[] = [];
    for (const platform of request.platforms) built.push(await buildPlatform(build, platform, built[0]));
    const descriptor = await nameThem(built, request.names, store);
    return { names: request.names, descriptor, platforms: built };
  } finally {
    await context.close();
  }
}

/** One platform's image is named itself, several by an index over them. */
async function nameThem(built: readonly BuiltPlatform[], names: readonly string[], store: Layout): Promise<Descriptor> {
  const [first] = built;
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: built.map(({ manifest: { descriptor }, platform }) => ({ ...descriptor, platform })),
    annotations: first?.annotations ?? {},
  };
  const content = built.length === 1 && first !== undefined ? first.manifest : writeManifestBytes(index);
  for (const { manifest } of built) await store.writeManifest(manifest);
  await store.writeManifest(content);
  for (const name of names) await store.writeManifest(content, name);
  return content.descriptor;
}

/** Credentials never become part of an image, also where the whole folder is copied. */
function withoutSecrets(tree: FileTree): FileTree {
  return { ...tree, entries: tree.entries.filter(({ path }) => path !== authListName) };
}

function counted(count: number): string {
  return count === 1 ? "1 mistake" : `${count} mistakes`;
}
