import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClusterLogger, internalAddresses, type KubernetesAnswer, type KubernetesClient, type KubernetesNode } from "@outrigger/sdk";
import { clusterErrors } from "../errors.ts";
import { sideBySide } from "../side-by-side.ts";
import { differenceOf, formatChange, inverseOf, type NodeChange, type NodeDifference, stillOurs } from "./node-change.ts";

/** Under which name a node keeps what it takes to undo a change: a plug-in's at a phase, in one run. */
export interface UndoRecord {
  readonly name: string;
  readonly run: string;
}

export interface ChangeOptions {
  readonly record?: UndoRecord;
  readonly log?: ClusterLogger;
  readonly signal?: AbortSignal;
}

const atOnce = 32;
const conflictTries = 10;

/**
 * Makes nodes what they shall be: one merge patch for each node that differs, and none for others. Lists of taints are written under the node's
 * resourceVersion, and made anew after a conflict.
 *
 * @param changes by the host's ip
 * @returns names of the nodes that were changed
 * @throws nodes-missing and node-ambiguous before anything is changed; node-change-refused, node-change-undone
 */
export async function changeNodes(
  kubernetes: KubernetesClient,
  changes: ReadonlyMap<string, NodeChange>,
  options: ChangeOptions = {},
): Promise<readonly string[]> {
  const nodes = await nodesOf(kubernetes, [...changes.keys()]);
  const changed: string[] = [];
  await sideBySide([...changes], atOnce, async ([ip, change]) => {
    const node = nodes.get(ip);
    if (node !== undefined && (await changeNode(kubernetes, node, () => change, options))) changed.push(node.metadata.name);
  });
  return changed;
}

/** Takes back what {@link changeNodes} did under this record, as far as nobody has changed it since. */
export async function undoNodes(
  kubernetes: KubernetesClient,
  changes: ReadonlyMap<string, NodeChange>,
  options: ChangeOptions & { readonly record: UndoRecord },
): Promise<readonly string[]> {
  const nodes = await nodesOf(kubernetes, [...changes.keys()], "some may be gone");
  const { record, ...rest } = options;
  const undone: string[] = [];
  await sideBySide([...changes], atOnce, async ([ip, change]) => {
    const node = nodes.get(ip);
    if (node === undefined || recordOn(node, record) === undefined) return;
    const back = (now: KubernetesNode): NodeChange => stillOurs(now, recordOn(now, record) ?? { labels: {}, taints: [] }, change);
    await changeNode(kubernetes, node, back, rest, { [annotationOf(record)]: null });
    undone.push(node.metadata.name);
  });
  return undone;
}

async function nodesOf(
  kubernetes: KubernetesClient,
  ips: readonly string[],
  rule: "all must be there" | "some may be gone" = "all must be there",
): Promise<ReadonlyMap<string, KubernetesNode>> {
  const wanted = new Set(ips);
  const found = new Map<string, KubernetesNode>();
  for (const node of await kubernetes.listNodes()) {
    for (const ip of internalAddresses(node).filter((address) => wanted.has(address))) {
      const other = found.get(ip);
      if (other !== undefined) throw clusterErrors["node-ambiguous"]({ ip, nodes: `${other.metadata.name} and ${node.metadata.name}` });
      found.set(ip, node);
    }
  }
  const missing = ips.filter((ip) => !found.has(ip));
  if (missing.length > 0 && rule === "all must be there") throw clusterErrors["nodes-missing"]({ ips: missing.join(", ") });
  return found;
}

type Annotations = Readonly<Record<string, string | null>>;

/** @returns true where the node was changed */
async function changeNode(
  kubernetes: KubernetesClient,
  first: KubernetesNode,
  changeOf: (node: KubernetesNode) => NodeChange,
  { record, log, signal }: ChangeOptions,
  annotations: Annotations = {},
): Promise<boolean> {
  let node = first;
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    const change = changeOf(node);
    const difference = differenceOf(node, change) ?? { labels: {} };
    if (isNothing(difference) && Object.keys(annotations).length === 0) return false;
    const notes = record === undefined ? annotations : { ...annotations, ...recordOf(node, difference, record) };
    const path = `/api/v1/nodes/${encodeURIComponent(node.metadata.name)}`;
    const answer = await kubernetes.request({ method: "PATCH", path, patch: "merge", body: patchOf(node, difference, notes) });
    if (answer.status === 409 && tries < conflictTries) {
      await sleep(Math.random() * 20 * tries);
      node = await kubernetes.getNode(node.metadata.name);
      continue;
    }
    if (answer.status !== 200) throw refusedBy(node, change, answer);
    const now = answer.body as KubernetesNode;
    if (differenceOf(now, change) !== undefined) {
      throw clusterErrors["node-change-undone"]({ node: node.metadata.name, change: formatChange(change) });
    }
    const done = { labels: difference.labels, taints: difference.taints === undefined ? [] : change.taints };
    if (!isNothing(difference)) log?.info(`${node.metadata.name}: ${formatChange(done)}`);
    return true;
  }
}

function isNothing({ labels, taints }: NodeDifference): boolean {
  return taints === undefined && Object.keys(labels).length === 0;
}

function patchOf(node: KubernetesNode, { labels, taints }: NodeDifference, annotations: Annotations): unknown {
  const version = node.metadata.resourceVersion;
  const guard = taints === undefined || version === undefined ? {} : { resourceVersion: version };
  const notes = Object.keys(annotations).length === 0 ? {} : { annotations };
  return { metadata: { ...guard, ...notes, labels }, ...(taints === undefined ? {} : { spec: { taints } }) };
}

function refusedBy({ metadata: { name } }: KubernetesNode, change: NodeChange, { status, body }: KubernetesAnswer): Error {
  const told = typeof body === "object" && body !== null && "message" in body ? body.message : body;
  return clusterErrors["node-change-refused"]({ node: name, change: formatChange(change), status, message: String(told).slice(0, 2_000) });
}

function annotationOf({ name }: UndoRecord): string {
  return `undo.outrigger.dev/${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}

/** The way back that an earlier change of this run has left on the node. */
function recordOn(node: KubernetesNode, record: UndoRecord): NodeChange | undefined {
  const text = node.metadata.annotations?.[annotationOf(record)];
  if (text === undefined) return undefined;
  try {
    const { run, labels = {}, taints = [] } = JSON.parse(text) as Partial<NodeChange> & { readonly run?: string };
    return run === record.run ? { labels, taints } : undefined;
  } catch {
    return undefined;
  }
}

/** What a node was before the first change of this run stays; later changes of the same run add to it. */
function recordOf(node: KubernetesNode, difference: NodeDifference, record: UndoRecord): Annotations {
  const [earlier, back] = [recordOn(node, record), inverseOf(node, difference)];
  const taints = back.taints.filter(({ key, effect }) => !earlier?.taints.some((taint) => taint.key === key && taint.effect === effect));
  const whole = { run: record.run, labels: { ...back.labels, ...earlier?.labels }, taints: [...(earlier?.taints ?? []), ...taints] };
  return { [annotationOf(record)]: JSON.stringify(whole) };
}
