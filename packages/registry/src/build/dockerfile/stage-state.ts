import type { FileTree } from "../../layers/file-tree.ts";
import type { ImageFiles } from "../image-files.ts";
import type { Instruction } from "./parse.ts";
import { StageTree, type TreeChanges } from "./stage-tree.ts";

/** What one instruction changed. */
export interface Step {
  readonly instruction: Instruction;
  readonly changes: TreeChanges;
}

/** A stage while its instructions are carried out. */
export interface StageState<Image extends ImageFiles = ImageFiles> {
  readonly tree: StageTree;
  readonly env: Map<string, string>;
  readonly args: Map<string, string>;
  readonly labels: Map<string, string>;
  workdir: string;
  entrypoint: readonly string[];
  cmd: readonly string[];
  /** The image below, also that of the stages that it stands on; absent for scratch. */
  readonly base?: Image;
  /** What stands above the image below, in order. */
  readonly steps: Step[];
}

export function stateFrom<Image extends ImageFiles>(base?: Image): StageState<Image> {
  const { env = [], labels = {}, workdir = "", entrypoint = [], cmd = [] } = base?.config ?? {};
  return {
    tree: new StageTree(base?.tree),
    env: new Map(env.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)] as const)),
    args: new Map(),
    labels: new Map(Object.entries(labels)),
    workdir,
    entrypoint,
    cmd,
    ...(base === undefined ? {} : { base }),
    steps: [],
  };
}

/** A stage FROM another. */
export function inherit<Image extends ImageFiles>(parent: StageState<Image>): StageState<Image> {
  const { env, labels, steps } = parent;
  return {
    ...parent,
    tree: new StageTree(parent.tree.tree()),
    env: new Map(env),
    args: new Map(),
    labels: new Map(labels),
    steps: [...steps],
  };
}

/** A stage as an image. */
export function imageOf(state: StageState, architecture: string): { readonly tree: FileTree; readonly config: ImageFiles["config"] } {
  const { tree, env, labels, entrypoint, cmd, workdir } = state;
  const variables = [...env].map(([name, value]) => `${name}=${value}`);
  return { tree: tree.tree(), config: { entrypoint, cmd, env: variables, labels: Object.fromEntries(labels), workdir, architecture } };
}
