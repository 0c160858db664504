import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Compression,
  type ContentTarget,
  type Descriptor,
  digestOf,
  type FileTree,
  type ImageRun,
  type ManifestContent,
  mediaTypes,
  type Platform,
  type WrittenLayer,
  writeLayer,
  writeManifestBytes,
} from "@outrigger/registry";
import { type ImageRecord, recordKey } from "../image-record.ts";
import type { BaseImage } from "./base-image.ts";

/** What stands above the image below: files, and paths that are gone. */
export interface NewLayer {
  readonly tree: FileTree;
  readonly removed: readonly string[];
  /** For the image's history. */
  readonly madeBy: string;
  /** Default: gzip. */
  readonly compression?: Compression;
}

export interface NewImage {
  readonly base?: BaseImage;
  readonly layers: readonly NewLayer[];
  readonly run: Pick<ImageRun, "env" | "workdir">;
  readonly platform: Platform;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly record: ImageRecord;
  readonly authors?: string;
}

export interface WrittenImage {
  readonly manifest: ManifestContent;
  /** Of configuration and layers, in bytes. */
  readonly size: number;
}

interface Layer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
  readonly madeBy: string;
}

/** Writes one platform's image into a store that has the layers of the image below. The same input gives the same digest: nothing in it tells the time. */
export async function writeImage(image: NewImage, store: ContentTarget): Promise<WrittenImage> {
  const layers: Layer[] = [];
  for (const layer of image.layers) layers.push(await writeOne(layer, store));
  const config = configOf(image, layers);
  const bytes = Buffer.from(JSON.stringify(config));
  const descriptor: Descriptor = { mediaType: mediaTypes.ociImageConfig, digest: digestOf(bytes), size: bytes.length };
  await store.writeBlob(descriptor, async function* () {
    yield bytes;
  });
  const below = (image.base?.manifest.layers ?? []).map(({ digest, size, mediaType }) => ({ mediaType: ociType(mediaType), digest, size }));
  const all = [...below, ...layers.map((each) => each.descriptor)];
  const manifest = writeManifestBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptor,
    layers: all,
    annotations: image.annotations,
  });
  return { manifest, size: all.reduce((sum, { size }) => sum + size, bytes.length) };
}

async function writeOne({ tree, removed, madeBy, compression }: NewLayer, store: ContentTarget): Promise<Layer> {
  const scratch = await mkdtemp(join(tmpdir(), "outrigger-build-"));
  try {
    // The root folder is the image's below.
    const entries = tree.entries.filter(({ path }) => path !== "");
    const written: WrittenLayer = await writeLayer(
      { ...tree, entries },
      { file: join(scratch, "layer"), removed, ...(compression === undefined ? {} : { compression }) },
    );
    await store.writeBlob(written.descriptor, () => createReadStream(written.file, { highWaterMark: 2 ** 20 }));
    return { descriptor: written.descriptor, diffId: written.diffId, madeBy };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function configOf(image: NewImage, layers: readonly Layer[]): object {
  const { base, run, platform, labels, record, authors } = image;
  const history = historyOf(base?.json);
  const below = base?.json.rootfs.diff_ids ?? [];
  return {
    ...(authors === undefined ? {} : { author: authors }),
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config: {
      Env: run.env,
      Labels: labels,
      ...(run.workdir === "" ? {} : { WorkingDir: run.workdir }),
    },
    rootfs: { type: "layers", diff_ids: [...below, ...layers.map(({ diffId }) => diffId)] },
    ...(history === undefined ? {} : { history: [...history, ...layers.map(({ madeBy }) => ({ created_by: madeBy }))] }),
    [recordKey]: record,
  };
}

/** The history of the image below; undefined where it does not fit its layers. */
function historyOf(json: BaseImage["json"] | undefined): readonly unknown[] | undefined {
  if (json === undefined) return [];
  const history = json["history"];
  if (!Array.isArray(history)) return undefined;
  const layers = history.filter(
    (each: unknown) => !(typeof each === "object" && each !== null && "empty_layer" in each && each.empty_layer === true),
  );
  return layers.length === (json.rootfs.diff_ids ?? []).length ? history : undefined;
}

/** Docker's layer types are OCI's by other names; an OCI manifest has OCI's. */
function ociType(mediaType: string): string {
  const docker = /^application\/vnd\.docker\.image\.rootfs\.diff\.tar(?:\.(gzip|zstd))?$/.exec(mediaType);
  return docker === null ? mediaType : `${mediaTypes.ociLayerTar}${docker[1] === undefined ? "" : `+${docker[1]}`}`;
}
