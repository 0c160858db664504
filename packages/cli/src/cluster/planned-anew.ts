import type { ClusterFolder, FrozenRun, PlanInput, Resumption } from "@outrigger/cluster";
import { cliErrors } from "../errors.ts";
import { type OpenFlags, openCluster, readClusterfileAt } from "./open-cluster.ts";

/** The operation of an open run planned once more, from a Clusterfile that has been mended. @throws run-planned-otherwise where it now asks for another operation */
export async function plannedAnew(
  folder: ClusterFolder,
  frozen: FrozenRun,
  file: string,
  flags: OpenFlags,
): Promise<{ readonly resumption: Resumption; readonly close: () => Promise<void> }> {
  const { currentCluster, decide, makePlan, readState } = await import("@outrigger/cluster");
  const clusterfile = await readClusterfileAt(file);
  const state = await readState(folder);
  const opened = await openCluster(clusterfile, { ...flags, grant: [...frozen.grants, ...(flags.grant ?? [])] });
  try {
    const { cluster, image, types, grants } = opened;
    const current = state === undefined ? undefined : currentCluster(state);
    const decided = decide(current, { cluster, imageDigest: image.digest, imageKind: image.kind });
    const same = decided.find(({ operation }) => operation === frozen.operation);
    if (same === undefined) throw cliErrors["run-planned-otherwise"]({ run: frozen.run, operation: frozen.operation, file });
    const input: PlanInput = { ...same, image, types };
    const wish = { operation: same.operation, input, plan: makePlan(input), clusterfile: opened.clusterfile, grants, limit: frozen.limit };
    return { resumption: { parts: { image, types }, wish }, close: opened.close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
