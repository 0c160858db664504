import type { Pod, PodKey } from "@outrigger/pod";
import type { Labels } from "./types.ts";

// Names of teams, applications, components and containers are DNS labels, so a dot between them can't be part of one.

/** One text for one pod, e.g. as the key of a map. */
export function keyText({ team, application, component }: PodKey): string {
  return `${team}.${application}.${component}`;
}

export function keyOf({ team, application, component }: PodKey): PodKey {
  return { team, application, component };
}

export function networkName({ team, application }: Pick<PodKey, "team" | "application">): string {
  return `outrigger.${team}.${application}`;
}

export function infraName(key: PodKey): string {
  return `outrigger.${keyText(key)}`;
}

export function containerName(key: PodKey, container: string): string {
  return `${infraName(key)}.${container}`;
}

export function volumeName(key: PodKey, volume: string): string {
  return `${infraName(key)}.${volume}`;
}

/** Names of the labels that everything of ours bears; they are all that is needed to find it again. */
export const label = {
  owner: "dev.outrigger.owner",
  team: "dev.outrigger.team",
  application: "dev.outrigger.application",
  component: "dev.outrigger.component",
  container: "dev.outrigger.container",
  role: "dev.outrigger.role",
  /** On the infra container: the pod as it was when made, without its discovery, which may change while it runs. */
  pod: "dev.outrigger.pod",
  /** On each other container: the container as it was when made. */
  spec: "dev.outrigger.spec",
  ephemeral: "dev.outrigger.ephemeral",
} as const;

export function applicationLabels(owner: string, { team, application }: Pick<PodKey, "team" | "application">): Labels {
  return { [label.owner]: owner, [label.team]: team, [label.application]: application };
}

export function podLabels(owner: string, key: PodKey): Labels {
  return { ...applicationLabels(owner, key), [label.component]: key.component };
}

/** The query that finds what bears all of these labels. */
export function labelFilter(labels: Labels): { readonly label: readonly string[] } {
  return { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
}

/** The pod that labels speak of; undefined when they are not ours. */
export function keyFromLabels(labels: Labels): PodKey | undefined {
  const [team, application, component] = [labels[label.team], labels[label.application], labels[label.component]];
  return team === undefined || application === undefined || component === undefined ? undefined : { team, application, component };
}

/** The pod without what can change while it runs. */
export function frameOf(pod: Pod): Pod {
  return { ...pod, discovery: {} };
}
