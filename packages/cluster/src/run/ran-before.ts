import type { ClusterFolder } from "../state/cluster-folder.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import { remembered } from "../state/next-state.ts";
import { readFrozen, readRun, runNames } from "./runs.ts";

/**
 * What earlier runs have done of the tasks whose rule asks for it: what the state knows, and what runs after it did that never came to its end.
 * @param current is no earlier run
 */
export async function ranBefore(
  folder: ClusterFolder,
  state: ClusterState | undefined,
  current: string,
): Promise<ReadonlyMap<string, string>> {
  const ran = new Map(Object.entries(state?.ran ?? {}));
  const names = (await runNames(folder)).filter((name) => name < current && (state === undefined || name > state.run));
  for (const name of names) {
    const { folder: place, record, records } = await readRun(folder, name);
    const [first] = records;
    // With a deletion the cluster's life ends; the next one begins with nothing.
    if (first?.event === "run-started" && first.operation === "delete" && record.ending?.result === "done") ran.clear();
    else for (const [task, digest] of Object.entries(remembered((await readFrozen(place)).plan, record))) ran.set(task, digest);
  }
  return ran;
}
