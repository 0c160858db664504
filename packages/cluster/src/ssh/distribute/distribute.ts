import type { FileTree } from "@outrigger/registry";
import type { ClientChannel } from "ssh2";
import { clusterErrors } from "../../errors.ts";
import type { Host } from "../../model/host.ts";
import type { DistributeProgress } from "../host-connection.ts";
import { runRootShell } from "../root-shell.ts";
import type { SshLink } from "../ssh-link.ts";
import { outOfTheWay } from "../wrapper-words.ts";
import { type HostState, readHostState } from "./host-state.ts";
import { pathLists } from "./path-lists.ts";
import { commitProgram, type LargePart, lookProgram, receiveProgram } from "./programs.ts";
import { sendFiles, write } from "./send.ts";
import { bytesOfPath, type LargeFile, type TransferPlan, transferPlan } from "./transfer-plan.ts";
import { digestOfStart, indexTree, type TreeIndex } from "./tree-index.ts";

export interface DistributeOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: DistributeProgress) => void;
}

/** What a call has sent so far, over all links that it has used. */
export interface Sent {
  bytes: number;
}

/**
 * Makes a folder of a host hold exactly a tree: names, contents, modes, owners, links, extended attributes, and the times of files. Needs bash, coreutils,
 * findutils and tar there. What arrives is staged beside the folder and checked by digest; then a new folder comes to its place at once, and one that is there is
 * changed file by file, each whole, so that what is mounted or open from it stays. Begun again after an interruption, it sends what is missing.
 *
 * @throws tree-not-for-hosts; tree-transfer-damaged; host-disk-full; host-command-failed; the signal's reason; what {@link runRootShell} throws
 */
export async function distributeTree(
  link: SshLink,
  host: Host,
  tree: FileTree,
  folder: string,
  { signal, onProgress }: DistributeOptions,
  sent: Sent,
): Promise<boolean> {
  if (!/^(\/[^/\0]+)+$/.test(folder) || /\/\.\.?(\/|$)/.test(folder)) {
    throw clusterErrors["tree-not-for-hosts"]({ path: folder, reason: "a folder on a host has a plain absolute path" });
  }
  const index = await indexTree(tree);
  const ask = (program: string, feed?: (channel: ClientChannel) => Promise<void>): Promise<Answer> =>
    askHost(link, host, signal, program, feed);
  const looked = await ask(lookProgram(folder, index));
  if (looked.kind === "unchanged") return true;
  const plan = transferPlan(index, readHostState(looked.stdout));
  if (plan.entries.length + plan.large.length > 0) {
    const large = await Promise.all(plan.large.map(async (file) => ({ file, from: await trustedStart(index, file) })));
    const totalBytes = plan.bytes - large.reduce((sum, { from }) => sum + from, 0) + sent.bytes;
    const received = await ask(receiveProgram(folder, plan, large), (channel) =>
      sendFiles(channel, tree, plan, large, (bytes) => {
        sent.bytes += bytes;
        onProgress?.({ sentBytes: sent.bytes, totalBytes });
      }),
    );
    checkReceived(host, index, plan, large, readHostState(received.stdout));
  }
  await ask(commitProgram(folder, plan, index), async (channel) => {
    await write(channel, pathLists([...plan.changes, ...plan.links]));
    channel.end();
  });
  return false;
}

interface Answer {
  readonly kind: string;
  readonly stdout: Uint8Array;
}

async function askHost(
  link: SshLink,
  host: Host,
  signal: AbortSignal,
  program: string,
  feed: ((channel: ClientChannel) => Promise<void>) | undefined,
): Promise<Answer> {
  signal.throwIfAborted();
  const pieces: Uint8Array[] = [];
  let complaints = "";
  const words = await runRootShell(link, host, {
    program,
    signal,
    ...(feed === undefined ? {} : { feed }),
    onOutput: (stream, piece) => {
      if (stream === "stdout") pieces.push(piece);
      else if (complaints.length < 4096) complaints += Buffer.from(piece).toString("utf8");
    },
  });
  signal.throwIfAborted();
  const [kind = ""] = outOfTheWay(host, words, complaints);
  return { kind, stdout: Buffer.concat(pieces) };
}

/** How much of what the host has of a large file is the beginning of it. */
async function trustedStart({ tree, digests }: TreeIndex, { entry, digest, begun }: LargeFile): Promise<number> {
  if (begun === undefined || begun.size === 0 || begun.size > entry.size) return 0;
  const start = begun.size === entry.size ? digest : await digestOfStart(tree, entry, begun.size);
  return start === begun.digest && digests.get(entry.path) === digest ? begun.size : 0;
}

/** @throws tree-transfer-damaged */
function checkReceived(
  host: Host,
  index: TreeIndex,
  plan: TransferPlan,
  large: readonly LargePart[],
  { staged, large: arrived }: HostState,
): void {
  const damaged =
    plan.entries.find(({ kind, path }) => kind === "file" && staged.get(bytesOfPath(path))?.digest !== index.digests.get(path)) ??
    large.find(({ file }) => arrived.get(file.digest)?.digest !== file.digest)?.file.entry;
  if (damaged !== undefined) throw clusterErrors["tree-transfer-damaged"]({ host: host.ip, path: JSON.stringify(damaged.path) });
}
