import { posix } from "node:path";
import type { FileTree } from "../../layers/file-tree.ts";
import type { ImageFiles } from "../image-files.ts";
import { copyInto } from "./copy.ts";
import type { Instruction } from "./parse.ts";
import type { InstructionPlace } from "./place.ts";

export interface CopyContext {
  readonly context: FileTree;
  /** The tree of `--from`, which may be a stage or an image. */
  readonly treeNamed: (name: string) => Promise<FileTree>;
  /** Trees that must stay open as long as the stage. */
  readonly opened: FileTree[];
}

/** Carries out COPY and ADD of local files. `given`: what is copied, with the destination as the last. @throws dockerfile-unusable */
export async function copyInstruction<Image extends ImageFiles>(
  instruction: Instruction,
  given: readonly string[],
  other: FileTree | undefined,
  { state, words, wrong }: Pick<InstructionPlace<Image>, "state" | "words" | "wrong">,
  { context, treeNamed, opened }: CopyContext,
): Promise<void> {
  const flagged = (name: string): string | undefined => {
    const flag = instruction.flags.find((each) => each.name === name);
    return flag === undefined ? undefined : words(flag.value)[0];
  };
  const [destination, ...sources] = given.toReversed();
  if (destination === undefined || sources.length === 0) throw wrong(`${instruction.keyword} needs a source and a destination.`);
  const owner = flagged("chown");
  const mode = flagged("chmod");
  if (owner !== undefined && !/^\d+(?::\d+)?$/.test(owner)) throw wrong(`--chown=${owner} is no number.`, "Write UID:GID.");
  if (mode !== undefined && !/^[0-7]{3,4}$/.test(mode)) throw wrong(`--chmod=${mode} is no octal number.`, "Write e.g. 0755.");
  const [uid = 0, gid = uid] = (owner ?? "").split(":").filter(Boolean).map(Number);
  const from = flagged("from");
  const folder = /(?:^|\/)\.?$/.test(destination) ? "/" : "";
  const result = await copyInto(state.tree, {
    from: other ?? (from === undefined ? context : await treeNamed(from)),
    sources: sources.toReversed(),
    destination: `${posix.resolve(state.workdir || "/", destination)}${folder}`.replace(/^\/\/$/, "/"),
    owner: { uid, gid },
    ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
    ...(instruction.keyword === "ADD" ? { unpackInto: opened } : {}),
  });
  if (result !== undefined)
    throw wrong(`${instruction.keyword}: ${result.refusal}.`, from === undefined ? "Is it in .dockerignore?" : undefined);
}
