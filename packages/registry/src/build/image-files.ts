import type { FileTree } from "../layers/file-tree.ts";

/** An image as one tree, and what it says of how it is run. */
export interface ImageFiles {
  readonly tree: FileTree;
  readonly config: ImageRun;
}

/** Of an image's configuration what matters here (OCI image specification 1.1, config.md). */
export interface ImageRun {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly architecture?: string;
}
