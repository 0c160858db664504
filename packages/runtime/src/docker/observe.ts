import type { Container, ContainerRole, Pod, PodKey } from "@outrigger/pod";
import type { DockerClient } from "./client.ts";
import { keyFromLabels, label, labelFilter, networkName, podLabels } from "./names.ts";
import { unlessMissing } from "./refusal.ts";
import type { ContainerInspection, ContainerSummary } from "./types.ts";

/** A container of a pod as the engine has it. */
export interface ObservedContainer {
  readonly id: string;
  readonly name: string;
  readonly role: ContainerRole;
  readonly state: ContainerInspection["State"]["Status"];
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** As it was when made. */
  readonly spec: Container;
}

export interface ObservedInfra {
  readonly id: string;
  /** Runs, and is on the application's network. */
  readonly healthy: boolean;
  readonly ip: string;
  readonly startedAt: string;
  readonly pod: Pod;
}

/** All that the engine has of one pod. */
export interface ObservedPod {
  readonly infra?: ObservedInfra;
  readonly containers: ReadonlyMap<string, ObservedContainer>;
}

/** Reads one pod's containers from the engine. */
export async function observePod(client: DockerClient, owner: string, key: PodKey): Promise<ObservedPod> {
  const list = await listContainers(client, podLabels(owner, key));
  const inspected = await Promise.all(
    list.map(({ Id }) => unlessMissing(client.call<ContainerInspection>("GET", `/containers/${Id}/json`))),
  );
  const containers = new Map<string, ObservedContainer>();
  let infra: ObservedInfra | undefined;
  for (const inspection of inspected) {
    if (inspection?.Config.Labels[label.pod] !== undefined) infra = observedInfra(inspection, networkName(key));
    else if (inspection?.Config.Labels[label.spec] !== undefined) {
      const container = observedContainer(inspection);
      containers.set(container.name, container);
    }
  }
  return { containers, ...(infra === undefined ? {} : { infra }) };
}

/** Keys of every pod of this owner that the engine has containers of. */
export async function listPods(client: DockerClient, owner: string): Promise<readonly PodKey[]> {
  const list = await listContainers(client, { [label.owner]: owner });
  const keys = list.flatMap(({ Labels }) => keyFromLabels(Labels) ?? []);
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}

export function listContainers(client: DockerClient, labels: Readonly<Record<string, string>>): Promise<readonly ContainerSummary[]> {
  return client.call("GET", "/containers/json", { query: { all: true, filters: labelFilter(labels) } });
}

function observedInfra({ Id, State, Config, NetworkSettings }: ContainerInspection, network: string): ObservedInfra {
  const ip = NetworkSettings.Networks[network]?.IPAddress ?? "";
  const pod = JSON.parse(Config.Labels[label.pod] ?? "") as Pod;
  return { id: Id, healthy: State.Status === "running" && ip !== "", ip, startedAt: State.StartedAt, pod };
}

function observedContainer({ Id, State, Config }: ContainerInspection): ObservedContainer {
  const spec = JSON.parse(Config.Labels[label.spec] ?? "") as Container;
  return {
    id: Id,
    name: spec.name,
    role: spec.role,
    state: State.Status,
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    startedAt: State.StartedAt,
    finishedAt: State.FinishedAt,
    spec,
  };
}

const roles: readonly ContainerRole[] = ["init", "network", "app", "sidecar"];

/**
 * The pod that runs, as its containers' own labels tell it: each container as it was made last. A sidecar that is not there was removed since;
 * another container that is not there is still part of the pod, and will be made again.
 */
export function runningPod({ infra, containers }: ObservedPod): Pod | undefined {
  if (infra === undefined) return undefined;
  const kept = infra.pod.containers.flatMap((made) => containers.get(made.name)?.spec ?? (made.role === "sidecar" ? [] : [made]));
  const names = new Set(infra.pod.containers.map(({ name }) => name));
  const added = [...containers.values()].flatMap(({ name, spec }) => (names.has(name) ? [] : [spec]));
  const all = [...kept, ...added].sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role));
  return { ...infra.pod, containers: all };
}
