import { type ChangeKind, diff, type Pod, type PodChange, type PodDiff } from "@outrigger/pod";
import type { EngineContext } from "../client/context.ts";
import { observeComponent, runningPod } from "./observe.ts";

/** What making this pod, as often as it is wanted, out of what runs would change. */
export async function planPod(context: EngineContext, pod: Pod, discovery: Pod["discovery"]): Promise<PodDiff> {
  const observed = await observeComponent(context.client, context.owner, pod);
  const running = [...observed].flatMap(([replica, each]) => {
    const now = runningPod(each);
    return now === undefined ? [] : [{ replica, now }];
  });
  if (running.length === 0) return diff(undefined, pod);
  const staying = running.filter(({ replica }) => replica < pod.replicas);
  const diffs = staying.map(({ now }) => diff({ ...now, discovery, exports: pod.exports, replicas: running.length }, pod));
  const [first] = running;
  // Where none of those that run stays, only their number changes.
  if (first !== undefined && staying.length === 0) diffs.push(diff({ ...pod, replicas: running.length }, pod));
  const changes = new Map(diffs.flatMap((each) => each.changes.map((change): [string, PodChange] => [JSON.stringify(change), change])));
  const kinds = diffs.map(({ kind }) => kind);
  return { kind: rising.findLast((kind) => kinds.includes(kind)) ?? "none", changes: [...changes.values()] };
}

const rising: readonly ChangeKind[] = ["none", "hot", "restart", "recreate"];
