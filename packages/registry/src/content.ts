/** Names content by its digest (OCI image specification 1.1, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: Platform;
}

/** What a manifest in an index is for (image-index.md). */
export interface Platform {
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
}

/** A manifest or an index as its exact bytes: the digest is of these. */
export interface ManifestContent {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** Where packages and images are read from: a repository of a registry, an image layout, a docker-archive. */
export interface ContentSource {
  /** For messages, e.g. `registry.example/tools/log` or a path. */
  readonly name: string;
  /** The manifest or index under a tag or digest; fails with `manifest-unknown`. Never larger than 4 MiB. */
  readonly manifest: (reference: string) => Promise<ManifestContent>;
  /** The content's bytes, checked against size and digest while they pass: the last piece comes only after both are right. `mediaType` does not matter. */
  readonly blob: (descriptor: Descriptor) => AsyncIterable<Uint8Array>;
}

/** Where packages and images are written to. What is there already is not sent again. */
export interface ContentTarget {
  readonly name: string;
  readonly has: (descriptor: Descriptor) => Promise<boolean>;
  /** Writes a blob. `content` may be asked for more than once: each time a transfer has to begin anew. Its pieces stay as they are. */
  readonly writeBlob: (descriptor: Descriptor, content: () => AsyncIterable<Uint8Array>) => Promise<void>;
  /** Writes a manifest or index, under `tag` if there is one. All that it names must be there. */
  readonly writeManifest: (manifest: ManifestContent, tag?: string) => Promise<void>;
}
