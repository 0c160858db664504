import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, posix } from "node:path";
import { type FileTree, type Instruction, type InstructionPlace, treeFiles, treeOfDirectory } from "@outrigger/registry";
import { download, fileNameOf, withoutSecrets } from "./download.ts";
import type { StageNotes } from "./notes.ts";

/** Folders of a rootfs by Sealer's convention: in a Kubefile they are folders, also without a slash behind them. */
export const knownFolders = [
  "bin",
  "charts",
  "cri",
  "etc",
  "images",
  "manifests",
  "plugin",
  "plugins",
  "registry",
  "scripts",
  "statics",
] as const;

export interface CopyFilesContext {
  readonly context: FileTree;
  /** Trees that must stay open as long as the stage. */
  readonly opened: FileTree[];
}

/** COPY and ADD as a Kubefile has them: addresses are fetched, well-known folders are folders. The destination is the last word. @throws dockerfile-unusable */
export async function copyFiles(
  instruction: Instruction,
  given: readonly string[],
  place: InstructionPlace,
  notes: StageNotes,
  { context, opened }: CopyFilesContext,
): Promise<void> {
  const { wrong, copy } = place;
  const [last = "", ...reversed] = given.toReversed();
  const sources = reversed.toReversed();
  if (sources.length === 0) throw wrong(`${instruction.keyword} needs a source and a destination.`);
  const git = sources.find((each) => /^(git@|git:\/\/|ssh:\/\/)|^https?:\/\/[^?]*\.git(#.*)?$/.test(each));
  if (git !== undefined) {
    throw wrong(
      `${withoutSecrets(git)} is a git repository, which ${instruction.keyword} does not fetch.`,
      "Clone it beside the Kubefile, at a fixed commit.",
    );
  }
  const [remote, local] = [sources.filter(isAddress), sources.filter((each) => !isAddress(each))];
  const checksum = instruction.flags.find(({ name }) => name === "checksum")?.value;
  if (checksum !== undefined && (!/^sha256:[0-9a-f]{64}$/.test(checksum) || remote.length !== 1 || local.length > 0)) {
    throw wrong("--checksum belongs to one address, as sha256: and 64 hex digits.");
  }
  if (local.length > 0) {
    const inContext = instruction.flags.every(({ name }) => name !== "from");
    const destination = destinationOf(last, local, inContext ? context : undefined, instruction, notes);
    await copy([...local, destination]);
  }
  if (remote.length > 0) {
    const tree = await fetched(remote, checksum, place, notes, instruction);
    opened.push(tree);
    const files = tree.entries.filter(({ kind }) => kind === "file").map(({ path }) => path);
    await copy([...files, destinationOf(last, files, undefined, instruction, notes)], tree);
  }
}

function isAddress(source: string): boolean {
  return /^https?:\/\//.test(source);
}

function destinationOf(
  destination: string,
  sources: readonly string[],
  context: FileTree | undefined,
  { keyword, line }: Instruction,
  notes: StageNotes,
): string {
  const folder = posix.normalize(`/${destination}`).replace(/^\/|\/$/g, "");
  if (!knownFolders.some((each) => each === folder)) return destination;
  const [only] = sources;
  const kinds = context === undefined ? undefined : treeFiles(context);
  const isFolder = (path: string): boolean => kinds?.follow(posix.normalize(`/${path}`))?.kind === "directory";
  if (
    folder === "charts" &&
    sources.length === 1 &&
    only !== undefined &&
    isFolder(only) &&
    kinds?.follow(`/${only}/Chart.yaml`) !== undefined
  ) {
    const target = `charts/${basename(posix.normalize(only))}/`;
    notes.said.push(`line ${line}: ${keyword} of the chart ${only} goes to ${target}, as Sealer has it.`);
    return `/${target}`;
  }
  if (!destination.endsWith("/") && !(only !== undefined && sources.length === 1 && isFolder(only))) {
    notes.said.push(`line ${line}: ${folder} is taken as the folder ${folder}/, where a Dockerfile would make a file of that name.`);
  }
  return `/${folder}/`;
}

async function fetched(
  addresses: readonly string[],
  checksum: string | undefined,
  { wrong, words }: InstructionPlace,
  notes: StageNotes,
  { line }: Instruction,
): Promise<FileTree> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-fetched-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    for (const url of addresses) {
      const name = fileNameOf(url);
      if (name === undefined) throw wrong(`${withoutSecrets(url)} names no file.`);
      const result = await download({ url, ...(checksum === undefined ? {} : { checksum: words(checksum)[0] ?? checksum }) }, folder, name);
      if ("refusal" in result) throw wrong(`${result.refusal}.`);
      if (checksum === undefined) {
        const risk = url.startsWith("http:") ? ", and anybody on the way could have changed it" : "";
        notes.said.push(
          `line ${line}: ${withoutSecrets(url)} was ${result.digest}; without --checksum=${result.digest} it may be another tomorrow${risk}.`,
        );
      }
    }
    const tree = await treeOfDirectory(folder, { owner: { uid: 0, gid: 0 }, attributes: "leave" });
    return { ...tree, close: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
