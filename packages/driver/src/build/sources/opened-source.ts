import type { FileTree, ImageFiles } from "@outrigger/registry";
import type { Description } from "../../config/description.ts";
import type { ImageDefaults } from "../../config/of-manifest.ts";
import type { NodeRuntimeOptions } from "../node/runtime.ts";

/** A driver's files, and what they come with. */
export interface OpenedSource {
  readonly tree: FileTree;
  /** What an image or Dockerfile says of how it is run. */
  readonly image?: ImageDefaults;
  /** As Go names it, where the source knows. */
  readonly architecture?: string;
  /** What stands beside the files; a plug-in's tar has it inside. */
  readonly description?: Description;
}

/** What sources need to be opened. */
export interface SourceContext {
  /** What is built for, as Go names it. */
  readonly architecture: string;
  /** The files of an image in a registry or in the local store. */
  readonly openImage: (reference: string, architecture: string) => Promise<ImageFiles>;
  readonly node?: NodeRuntimeOptions;
  /** Another Dockerfile of the folder. */
  readonly dockerfile?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly target?: string;
  /** Told what is done, a line at a time. */
  readonly say: (line: string) => void;
}
