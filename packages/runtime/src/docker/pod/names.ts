import { type Pod, type PodKey, replicaName } from "@outrigger/pod";
import type { Labels } from "../client/types.ts";

/** One of a component's pods, counted from 0. */
export interface ReplicaKey extends PodKey {
  readonly replica: number;
}

// Names of teams, applications, components and containers are DNS labels, so a dot or an underscore between them can't be part of one.

/** One text for one component, e.g. as the key of a map. */
export function keyText({ team, application, component }: PodKey): string {
  return `${team}.${application}.${component}`;
}

export function keyOf({ team, application, component }: PodKey): PodKey {
  return { team, application, component };
}

export function networkName({ team, application }: Pick<PodKey, "team" | "application">): string {
  return `outrigger.${team}.${application}`;
}

/** One text for one pod; the first pod of a component bears its name alone. */
export function replicaText(key: ReplicaKey): string {
  return `${keyText(key)}${key.replica === 0 ? "" : `_${key.replica}`}`;
}

export function infraName(key: ReplicaKey): string {
  return `outrigger.${replicaText(key)}`;
}

export function containerName(key: ReplicaKey, container: string): string {
  return `${infraName(key)}.${container}`;
}

export function volumeName(key: ReplicaKey, volume: string): string {
  return `${infraName(key)}.${volume}`;
}

/** The pod's own name for its host: the kernel's limit for one is 64 bytes, and a label's is 63. */
export function hostName(key: ReplicaKey): string {
  const name = replicaName(key, key.replica);
  const end = key.replica === 0 ? "" : `-${key.replica}`;
  return name.length <= 63 ? name : `${name.slice(0, 63 - end.length).replace(/-+$/, "")}${end}`;
}

/** Names of the labels that everything of ours bears; they are all that is needed to find it again. */
export const label = {
  owner: "dev.outrigger.owner",
  team: "dev.outrigger.team",
  application: "dev.outrigger.application",
  component: "dev.outrigger.component",
  /** Which of the component's pods; absent on those that were made when there was only one. */
  replica: "dev.outrigger.replica",
  container: "dev.outrigger.container",
  role: "dev.outrigger.role",
  /** On the infra container: the pod as it was when made, without what may change while it runs. */
  pod: "dev.outrigger.pod",
  /** On each other container: the container as it was when made. */
  spec: "dev.outrigger.spec",
  /** On what has laid the pod's redirects: the ways that it laid. */
  ways: "dev.outrigger.ways",
  ephemeral: "dev.outrigger.ephemeral",
} as const;

export function applicationLabels(owner: string, { team, application }: Pick<PodKey, "team" | "application">): Labels {
  return { [label.owner]: owner, [label.team]: team, [label.application]: application };
}

/** The labels by which all that belongs to a component is found. */
export function componentLabels(owner: string, key: PodKey): Labels {
  return { ...applicationLabels(owner, key), [label.component]: key.component };
}

/** The labels that all that belongs to one pod bears. */
export function podLabels(owner: string, key: ReplicaKey): Labels {
  return { ...componentLabels(owner, key), [label.replica]: String(key.replica) };
}

/** The query that finds what bears all of these labels. */
export function labelFilter(labels: Labels): { readonly label: readonly string[] } {
  return { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
}

/** The pod that labels speak of; undefined when they are not ours. */
export function keyFromLabels(labels: Labels): ReplicaKey | undefined {
  const [team, application, component] = [labels[label.team], labels[label.application], labels[label.component]];
  if (team === undefined || application === undefined || component === undefined) return undefined;
  return { team, application, component, replica: replicaFromLabels(labels) };
}

export function replicaFromLabels(labels: Labels | null): number {
  return Number(labels?.[label.replica] ?? 0);
}

/** The pod without what can change while it runs. */
export function frameOf(pod: Pod): Pod {
  const ports = pod.ports.map(({ entry: _entry, inner: _inner, ...port }) => port);
  return { ...pod, replicas: 1, ports, detours: [], discovery: {} };
}
