import type { KubernetesNode, KubernetesTaint } from "@outrigger/sdk";
import type { TaintEffect } from "../model/host.ts";

/** One taint to put (`value` there, perhaps `""`) or to take away (`value` null). */
export interface TaintChange {
  readonly key: string;
  /** Absent, when taking away: every effect. */
  readonly effect?: TaintEffect;
  readonly value: string | null;
}

/** What shall be so on a node; whatever is not named stays. */
export interface NodeChange {
  /** null takes a label away. */
  readonly labels: Readonly<Record<string, string | null>>;
  readonly taints: readonly TaintChange[];
}

/** What differs between a node and what shall be so; undefined where nothing does. `taints` is the whole new list. */
export interface NodeDifference {
  readonly labels: Readonly<Record<string, string | null>>;
  readonly taints?: readonly KubernetesTaint[];
}

export function differenceOf(node: KubernetesNode, change: NodeChange): NodeDifference | undefined {
  const labels = Object.fromEntries(Object.entries(change.labels).filter(([key, value]) => labelOf(node, key) !== value));
  const before = taintsOf(node);
  const taints = change.taints.reduce(withTaint, before);
  if (taints === before) return Object.keys(labels).length === 0 ? undefined : { labels };
  return { labels, taints };
}

/** The change that takes a difference back. */
export function inverseOf(node: KubernetesNode, { labels, taints }: NodeDifference): NodeChange {
  const before = taintsOf(node);
  const after = taints ?? before;
  const added = after.filter((taint) => !before.some((other) => sameTaint(taint, other)));
  const removed = before.filter((taint) => !after.some((other) => sameTaint(taint, other)));
  return {
    labels: Object.fromEntries(Object.keys(labels).map((key) => [key, labelOf(node, key)])),
    taints: [
      ...added.filter((taint) => !removed.some((other) => sameSlot(taint, other))).map((taint) => changeTo(taint, null)),
      ...removed.map((taint) => changeTo(taint, taint.value ?? "")),
    ],
  };
}

/** The part of a way back whose labels and taints are still as `change` put them: what somebody else has changed since is theirs. */
export function stillOurs(node: KubernetesNode, back: NodeChange, change: NodeChange): NodeChange {
  const before = taintsOf(node);
  return {
    labels: Object.fromEntries(Object.entries(back.labels).filter(([key]) => labelOf(node, key) === change.labels[key])),
    taints: back.taints.filter(({ key }) => {
      const set = change.taints.filter((taint) => taint.key === key);
      return set.length > 0 && set.reduce(withTaint, before) === before;
    }),
  };
}

/** `disk=ssd, tier-, gpu=yes:NoSchedule`, for people. */
export function formatChange({ labels, taints }: NodeChange): string {
  const words = Object.entries(labels).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`));
  return [...words, ...taints.map(formatTaint)].join(", ");
}

function formatTaint({ key, effect, value }: TaintChange): string {
  const end = effect === undefined ? "" : `:${effect}`;
  return value === null ? `${key}${end}-` : `${key}${value === "" ? "" : `=${value}`}${end}`;
}

function labelOf(node: KubernetesNode, key: string): string | null {
  const { labels } = node.metadata;
  return labels !== undefined && Object.hasOwn(labels, key) ? (labels[key] ?? null) : null;
}

function taintsOf(node: KubernetesNode): readonly KubernetesTaint[] {
  return node.spec.taints ?? [];
}

/** The same list where nothing changes. */
function withTaint(taints: readonly KubernetesTaint[], { key, effect, value }: TaintChange): readonly KubernetesTaint[] {
  const meant = (taint: KubernetesTaint): boolean => taint.key === key && (effect === undefined || taint.effect === effect);
  if (value === null || effect === undefined) return taints.some(meant) ? taints.filter((taint) => !meant(taint)) : taints;
  if (taints.some((taint) => meant(taint) && (taint.value ?? "") === value)) return taints;
  return [...taints.filter((taint) => !meant(taint)), { key, ...(value === "" ? {} : { value }), effect }];
}

function sameTaint(one: KubernetesTaint, other: KubernetesTaint): boolean {
  return sameSlot(one, other) && (one.value ?? "") === (other.value ?? "");
}

/** A node has one taint at most for each key and effect. */
function sameSlot(one: KubernetesTaint, other: KubernetesTaint): boolean {
  return one.key === other.key && one.effect === other.effect;
}

function changeTo({ key, effect }: KubernetesTaint, value: string | null): TaintChange {
  return { key, effect: effect as TaintEffect, value };
}
