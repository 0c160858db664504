import {
  type FileTree,
  interpretDockerfile,
  type Layout,
  type ManifestContent,
  type ParsedDockerfile,
  type Platform,
  type Stages,
} from "@outrigger/registry";
import { clusterErrors } from "../errors.ts";
import type { PluginDocument } from "../model/plugin-document.ts";
import type { BuildClusterImageRequest } from "./build-cluster-image.ts";
import type { ImageRecord } from "./image-record.ts";
import { launchedCommands, startedApplications } from "./kubefile/applications.ts";
import { kubefileExtension } from "./kubefile/extension.ts";
import type { StageNotes } from "./kubefile/notes.ts";
import type { ImageFinding } from "./lint/finding.ts";
import { lintImage } from "./lint/lint-image.ts";
import { gatherImages } from "./lite/gather-images.ts";
import { documentsOf, pluginEntries, readDocuments, scriptsOf } from "./plugin-files.ts";
import { type BaseImage, baseOpener } from "./write/base-image.ts";
import { annotationsOf } from "./write/summaries.ts";
import { type NewLayer, writeImage } from "./write/write-image.ts";

/** What all platforms of a build have in common. */
export interface PlatformBuild {
  readonly request: BuildClusterImageRequest;
  readonly parsed: ParsedDockerfile;
  readonly stages: Stages;
  readonly needed: readonly number[];
  readonly context: FileTree;
  readonly store: Layout;
}

export interface BuiltPlatform {
  readonly platform: Platform;
  readonly manifest: ManifestContent;
  readonly annotations: Readonly<Record<string, string>>;
  /** In bytes. */
  readonly size: number;
  readonly record: ImageRecord;
  readonly plugins: readonly PluginDocument[];
  readonly findings: readonly ImageFinding[];
}

/** Builds one platform's image. `first`: what was built before; the plug-ins of all platforms are the same. */
export async function buildPlatform(build: PlatformBuild, platform: Platform, first: BuiltPlatform | undefined): Promise<BuiltPlatform> {
  const { request, parsed, stages, needed, context, store } = build;
  const { args = {}, say } = request;
  const { architecture } = platform;
  const opened: FileTree[] = [];
  try {
    const extension = kubefileExtension({ context, opened, architecture, args, say });
    const openImage = baseOpener(store, request);
    const options = { parsed, stages, needed, context, args, architecture, openImage, extension };
    const made = await interpretDockerfile(options, opened);
    const notes = extension.notes(needed.at(-1) ?? 0);
    if (first === undefined) for (const line of notes.said) say(`${parsed.file}: ${line}`);
    const gathered = request.images === "skip" ? undefined : await gatherImages(made.tree, platform, request.context, request.images, say);
    if (gathered !== undefined) opened.push(gathered.layer);
    const record = await recordOfBuild(build, made.tree, notes, made.base?.record, gathered?.names ?? []);
    const { documents: plugins } = readDocuments(record.documents, request.names[0] ?? "");
    const findings = await lintImage({ tree: made.tree, kind: record.kind, platform, documents: record.documents });
    const errors = findings.filter(({ severity }) => severity === "error");
    if (errors.length > 0 && request.force !== true) {
      const count = errors.length === 1 ? "1 mistake" : `${errors.length} mistakes`;
      throw clusterErrors["cluster-image-lint-failed"]({ image: parsed.file, count }, { problems: errors });
    }
    if (first !== undefined && JSON.stringify(first.record.documents) !== JSON.stringify(record.documents)) {
      throw clusterErrors["cluster-image-wrong"]({ image: parsed.file, reason: "its plug-ins' documents differ between platforms" });
    }
    const layers = made.steps.map(
      ({ instruction, changes }): NewLayer => ({ ...changes, madeBy: `${instruction.keyword} ${instruction.text}` }),
    );
    const annotations = annotationsOf(record, plugins, { ...baseAnnotations(made.base), ...request.annotations });
    const { authors } = notes;
    const written = await writeImage(
      {
        ...(made.base === undefined ? {} : { base: made.base }),
        layers:
          gathered === undefined
            ? layers
            : [...layers, { tree: gathered.layer, removed: [], madeBy: "container images", compression: "none" }],
        run: made.config,
        platform,
        labels: { ...made.config.labels, ...request.labels },
        annotations,
        record,
        ...(authors === undefined ? {} : { authors }),
      },
      store,
    );
    return { platform, ...written, annotations, record, plugins, findings };
  } finally {
    for (const tree of opened) await tree.close();
  }
}

function baseAnnotations(base: BaseImage | undefined): Readonly<Record<string, string>> {
  if (base === undefined) return {};
  const name = base.name === undefined ? {} : { "org.opencontainers.image.base.name": base.name };
  return { ...name, "org.opencontainers.image.base.digest": base.digest };
}

async function recordOfBuild(
  { request, parsed }: PlatformBuild,
  tree: FileTree,
  notes: StageNotes,
  base: Pick<ImageRecord, "kind" | "containerImages"> | undefined,
  gathered: readonly string[],
): Promise<ImageRecord> {
  const applications = startedApplications(notes, tree);
  if ("message" in applications) {
    const { line, message, hint } = applications;
    const problem = { file: parsed.file, line, column: 1, path: "", code: "wrong-value", message, hint } as const;
    throw clusterErrors["kubefile-invalid"]({ file: parsed.file, count: "1 mistake" }, { problems: [problem] });
  }
  const documents = await documentsOf(tree);
  return {
    version: 1,
    kind: request.kind ?? base?.kind ?? "cluster",
    commands: notes.launch === undefined ? notes.commands : launchedCommands(notes.launch.names, applications),
    applications,
    scripts: scriptsOf(tree),
    documents,
    hasPluginFiles: pluginEntries(tree).some(({ path, kind }) => kind !== "directory" && !documents.some((each) => each.path === path)),
    containerImages: [...new Set([...(base?.containerImages ?? []), ...gathered])].toSorted(),
  };
}
