import { openRun, readFrozen } from "../run/runs.ts";
import { clusterFolder, clusterNames } from "./cluster-folder.ts";
import { readState } from "./cluster-state.ts";

/**
 * Digests of all that the clusters known here may ask for again: their images, those to roll back to, installed applications, packages of plug-ins, and what an
 * open run goes on with.
 *
 * @param root where clusters are kept
 * @throws cluster-state-invalid, cluster-state-newer, run-unreadable: what can't be read may name anything
 */
export async function usedDigests(root: string): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for (const name of await clusterNames(root)) {
    const folder = clusterFolder(root, name);
    const state = await readState(folder);
    const open = await openRun(folder);
    const frozen = open === undefined ? undefined : await readFrozen(open.folder);
    const images = [
      ...(state === undefined ? [] : [state.image, ...state.earlier, ...state.applications]),
      ...(frozen === undefined ? [] : [frozen.image]),
    ];
    for (const { digest } of images) used.add(digest);
    for (const { base } of [...(state?.cluster.plugins ?? []), ...(frozen?.cluster.plugins ?? [])])
      if (base?.from === "package") used.add(base.digest);
  }
  return used;
}
