import { createHash } from "node:crypto";
import { posix } from "node:path";
import { z } from "zod";
import type { ContentSource, Descriptor, ManifestContent } from "../content.ts";
import { checkedContent, digestOf, digestPattern } from "../digest.ts";
import { registryErrors } from "../errors.ts";
import { manifestFrom, manifestLimit, parseIndex, writeManifestBytes } from "../manifests.ts";
import { mediaTypes } from "../media-types.ts";
import type { TarLimits } from "../tar/limits.ts";
import { compressionOf } from "./compression.ts";
import type { FileEntry, FileTree } from "./file-tree.ts";
import { parseImageConfig } from "./image-config.ts";
import { treeOfTar } from "./tar-tree.ts";

/** One image of an archive. */
export interface ArchivedImage {
  /** As `docker load` would name it; none for one saved by its ID. */
  readonly names: readonly string[];
  /** Of its manifest, which is made up where the archive has none. */
  readonly digest: string;
}

/** What `docker save`, `podman save` and `skopeo copy` write. `manifest` takes a name, with or without `:latest`, or a digest. */
export interface DockerArchive extends ContentSource {
  readonly list: () => readonly ArchivedImage[];
  /** Frees temporary files. */
  readonly close: () => Promise<void>;
}

/**
 * Opens an archive of images: a tar, also a compressed one, with either an OCI layout (Docker 25 and newer, OCI archives), or `manifest.json` with
 * configurations and layers as files (older ones, Podman).
 *
 * @throws image-invalid, archive-invalid, archive-too-large
 */
export async function openDockerArchive(file: string, options: { readonly limits?: Partial<TarLimits> } = {}): Promise<DockerArchive> {
  const tree = await treeOfTar(file, options);
  try {
    const archive = new ArchiveFiles(file, tree);
    const images = archive.has("index.json") ? readLayoutImages(archive) : readSavedImages(archive);
    return {
      name: file,
      list: () => images.map(({ names, manifest }) => ({ names, digest: manifest.descriptor.digest })),
      manifest: async (reference) => {
        const found = images.find(
          ({ names, manifest }) => manifest.descriptor.digest === reference || names.some((name) => isNamed(name, reference)),
        );
        if (found !== undefined) return found.manifest;
        const path = `blobs/${reference.replace(":", "/")}`;
        if (!digestPattern.test(reference) || !archive.has(path)) throw registryErrors["manifest-unknown"]({ source: file, reference });
        return checkedManifest(archive, path, reference);
      },
      blob: (descriptor) => checkedContent(file, descriptor, archive.blob(descriptor)),
      close: () => tree.close(),
    };
  } catch (error) {
    await tree.close();
    throw error;
  }
}

interface Image {
  readonly names: readonly string[];
  readonly manifest: ManifestContent;
}

/** The archive's files by path and by digest; links are followed within the archive, as old archives have them for layers that are there once. */
class ArchiveFiles {
  readonly name: string;
  readonly #tree: FileTree;
  readonly #entries: ReadonlyMap<string, FileEntry>;
  readonly #byDigest: Map<string, string> = new Map();

  constructor(name: string, tree: FileTree) {
    this.name = name;
    this.#tree = tree;
    this.#entries = new Map(tree.entries.map((entry) => [entry.path, entry]));
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  file(path: string): FileEntry {
    let at = posix.normalize(path);
    for (let links = 0; links < 16; links += 1) {
      const entry = this.#entries.get(at);
      if (entry?.kind === "file") return entry;
      if (entry?.kind === "hardlink") at = entry.target ?? "";
      else if (entry?.kind === "symlink") at = posix.join(posix.dirname(at), entry.target ?? "");
      else break;
    }
    throw this.invalid(`it has no file ${JSON.stringify(path)}`);
  }

  pieces(path: string): Iterable<Uint8Array> {
    return this.#tree.contentSync?.(this.file(path)) ?? [];
  }

  read(path: string, most: number): Buffer {
    const { size } = this.file(path);
    if (size > most) throw this.invalid(`${path} has ${size} bytes, where at most ${most} are read`);
    return Buffer.concat([...this.pieces(path)].map((piece) => Buffer.from(piece)));
  }

  json<T>(path: string, schema: z.ZodType<T>): T {
    const result = schema.safeParse(parse(this.read(path, manifestLimit).toString("utf8")));
    if (!result.success) throw this.invalid(`its ${path} is not understood`);
    return result.data;
  }

  digest(path: string): string {
    const hash = createHash("sha256");
    for (const piece of this.pieces(path)) hash.update(piece);
    return `sha256:${hash.digest("hex")}`;
  }

  setDigest(digest: string, path: string): void {
    this.#byDigest.set(digest, path);
  }

  async *blob({ digest }: Descriptor): AsyncGenerator<Uint8Array> {
    const path = this.#byDigest.get(digest) ?? `blobs/${digest.replace(":", "/")}`;
    if (!this.has(path)) throw registryErrors["content-unknown"]({ source: this.name, digest });
    for (const piece of this.pieces(path)) yield Buffer.from(piece);
  }

  invalid(reason: string): Error {
    return registryErrors["image-invalid"]({ name: this.name, reason });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Docker writes the whole name beside OCI's, which is often the tag alone. */
const nameKeys = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

function readLayoutImages(archive: ArchiveFiles): readonly Image[] {
  const bytes = archive.read("index.json", manifestLimit);
  const index = parseIndex(
    { descriptor: { mediaType: mediaTypes.ociIndex, digest: "index.json", size: bytes.length }, bytes },
    archive.name,
  );
  const names = new Map<string, Set<string>>();
  for (const { digest, annotations = {} } of index.manifests) {
    const known = names.get(digest) ?? new Set();
    const name = nameKeys.map((key) => annotations[key]).find((value) => value !== undefined);
    names.set(digest, name === undefined ? known : known.add(name));
  }
  return [...names].map(([digest, found]) => ({
    names: [...found],
    manifest: checkedManifest(archive, `blobs/${digest.replace(":", "/")}`, digest),
  }));
}

function checkedManifest(archive: ArchiveFiles, path: string, digest: string): ManifestContent {
  const bytes = archive.read(path, manifestLimit);
  const found = digestOf(bytes);
  if (found !== digest) throw registryErrors["digest-wrong"]({ source: archive.name, digest, found });
  return manifestFrom(bytes, undefined, archive.name, digest);
}

const savedImages = z.array(z.looseObject({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }));

/** Makes the manifest that such an archive does not have. A layer's digest is known without reading it where it is plain: it is its `diff_id`. */
function readSavedImages(archive: ArchiveFiles): readonly Image[] {
  if (!archive.has("manifest.json")) throw archive.invalid("it has neither manifest.json nor index.json");
  return archive.json("manifest.json", savedImages).map(({ Config, RepoTags, Layers }) => {
    const bytes = archive.read(Config, manifestLimit * 2);
    const config = { mediaType: mediaTypes.ociImageConfig, digest: digestOf(bytes), size: bytes.length };
    archive.setDigest(config.digest, Config);
    const diffIds = parseImageConfig(bytes, archive.name).rootfs.diff_ids ?? [];
    const layers = Layers.map((path, at) => {
      const { size } = archive.file(path);
      const [start = new Uint8Array()] = archive.pieces(path);
      const compression = compressionOf(start);
      const digest = (compression === "none" ? diffIds[at] : undefined) ?? archive.digest(path);
      archive.setDigest(digest, path);
      const mediaType =
        compression === "gzip" ? mediaTypes.ociLayerGzip : compression === "zstd" ? mediaTypes.ociLayerZstd : mediaTypes.ociLayerTar;
      return { mediaType, digest, size };
    });
    return { names: RepoTags ?? [], manifest: writeManifestBytes({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers }) };
  });
}

/** Names are compared as Docker shows them: without its own registry, with `:latest`. */
function isNamed(name: string, reference: string): boolean {
  return familiar(name) === familiar(reference);
}

function familiar(name: string): string {
  const short = name.replace(/^docker\.io\//, "").replace(/^library\//, "");
  return /:[^/]*$/.test(short) ? short : `${short}:latest`;
}
