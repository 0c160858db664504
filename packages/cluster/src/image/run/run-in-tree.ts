import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileTree, type Instruction, type InstructionPlace, piecesOf, treeFiles, treeOfPieces, unpackTree } from "@outrigger/registry";
import { clusterErrors } from "../../errors.ts";
import { idShift, runInNamespaces } from "./namespaces.ts";
import { changedFiles, markFiles } from "./read-back.ts";

export interface RunContext {
  readonly opened: FileTree[];
  readonly say: (line: string) => void;
}

/**
 * Carries out RUN: the stage's files are unpacked, the command runs in namespaces of its own, and what it changed is put into the stage. A tree with a shell
 * is the command's root; without one, as cluster images are, the command finds this machine's programs read-only and the tree as its working directory.
 * The network is this machine's.
 *
 * @throws run-instruction-failed with the last lines that it wrote, run-instruction-unavailable
 */
export async function runInTree(instruction: Instruction, place: InstructionPlace, { opened, say }: RunContext): Promise<void> {
  const { state, wrong } = place;
  const [strange] = instruction.flags;
  if (strange !== undefined) throw wrong(`RUN --${strange.name} is not known here.`, "Write the command without it.");
  if (instruction.heredoc) throw wrong("RUN of a heredoc is not known here.", "COPY a script and run that.");
  if (instruction.text === "") throw wrong("RUN has no command.");
  const folder = await mkdtemp(join(tmpdir(), "outrigger-run-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const before = state.tree.tree();
    const shell = treeFiles(before).follow("/bin/sh");
    const own = shell?.kind === "file" && (shell.mode & 0o111) !== 0;
    const rootfs = join(folder, "rootfs");
    const shift = idShift();
    // The command's root is nobody here, and has to get there.
    if (shift > 0) await chown(folder, shift, shift);
    const shifted = piecesOf(before, (entry) => ({ ...entry, uid: entry.uid + shift, gid: entry.gid + shift }));
    await unpackTree(treeOfPieces(shifted), rootfs);
    const marks = await markFiles(rootfs);
    say(`RUN ${instruction.text}`);
    const words = instruction.list ?? ["/bin/sh", "-c", instruction.text];
    const env = { ...Object.fromEntries(state.args), ...Object.fromEntries(state.env) };
    const result = await runInNamespaces({ kind: own ? "own" : "host", folder, rootfs, workdir: state.workdir || "/", words, env, say });
    if (result !== undefined) {
      const { reason, lines } = result;
      throw clusterErrors["run-instruction-failed"]({ command: instruction.text, line: instruction.line, reason, log: lines.join("\n") });
    }
    const after = await changedFiles(rootfs, before, marks, shift);
    for (const path of after.removed) state.tree.remove(path);
    for (const piece of after.pieces) state.tree.replace(piece);
    opened.push({ entries: [], content: before.content, close: remove });
  } catch (error) {
    await remove();
    throw error;
  }
}
