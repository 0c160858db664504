import { type FileEntry, type FileTree, tarBlocks } from "@outrigger/registry";
import type { ClientChannel } from "ssh2";
import { pathLists } from "./path-lists.ts";
import type { LargePart } from "./programs.ts";
import type { TransferPlan } from "./transfer-plan.ts";

/** Enough for the channel to be busy while the next block is read. */
const blockSize = 2 ** 18;

/** Writes what `receiveProgram` reads; ends early when the host no longer reads. `onSent` is told of bytes of contents. */
export async function sendFiles(
  channel: ClientChannel,
  tree: FileTree,
  plan: TransferPlan,
  large: readonly LargePart[],
  onSent: (bytes: number) => void,
): Promise<void> {
  if (!(await write(channel, pathLists(plan.unstage)))) return;
  for (const { file, from } of large) {
    for await (const block of contentFrom(tree, file.entry, from)) {
      if (!(await write(channel, block))) return;
      onSent(block.length);
    }
  }
  // Headers and padding are little beside the contents, but make a tar of many small files longer than they are.
  let left = plan.entries.reduce((sum, { size }) => sum + size, 0);
  for await (const block of tarBlocks({ ...tree, entries: plan.entries }, { blockSize, modified: "keep" })) {
    if (!(await write(channel, block))) return;
    const counted = Math.min(block.length, left);
    left -= counted;
    onSent(counted);
  }
  onSent(left);
  channel.end();
}

/** A file's content from a byte on. */
async function* contentFrom(tree: FileTree, entry: FileEntry, from: number): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = from;
  for await (const piece of tree.content(entry)) {
    const start = Math.min(skip, piece.length);
    skip -= start;
    for (let at = start; at < piece.length; at += blockSize) yield piece.subarray(at, at + blockSize);
  }
}

/** False when the channel is closed. */
export function write(channel: ClientChannel, bytes: Uint8Array): boolean | Promise<boolean> {
  if (channel.destroyed || !channel.writable) return false;
  if (bytes.length === 0 || channel.write(bytes)) return true;
  return new Promise((resolve) => {
    const done = (open: boolean) => (): void => {
      channel.removeListener("drain", drained);
      channel.removeListener("close", closed);
      resolve(open);
    };
    const [drained, closed] = [done(true), done(false)];
    channel.on("drain", drained);
    channel.on("close", closed);
  });
}
