import type { Container, ContainerRole, Pod, PodKey } from "@outrigger/pod";
import type { DockerClient } from "../client/client.ts";
import { unlessMissing } from "../client/refusal.ts";
import type { ContainerInspection, ContainerSummary } from "../client/types.ts";
import { directWays, type Ways, withWays } from "../traffic/ways.ts";
import { componentLabels, keyFromLabels, label, labelFilter, networkName, type ReplicaKey, replicaFromLabels } from "./names.ts";

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
  /** The host's address in that network. */
  readonly gateway: string;
  readonly startedAt: string;
  readonly pod: Pod;
  /** Made by a former version, which laid redirects that can't be changed. */
  readonly outdated: boolean;
}

/** All that the engine has of one pod. */
export interface ObservedPod {
  readonly infra?: ObservedInfra;
  readonly containers: ReadonlyMap<string, ObservedContainer>;
  /** The ways that are laid; undefined where that can't be told, so that they must be laid anew. */
  readonly ways: Ways | undefined;
}

/** Nothing is there. */
export const noPod: ObservedPod = { containers: new Map(), ways: directWays };

/** Reads one pod's containers from the engine. */
export async function observePod(client: DockerClient, owner: string, key: ReplicaKey): Promise<ObservedPod> {
  const list = await listPod(client, owner, key);
  const inspected = await Promise.all(
    list.map(({ Id }) => unlessMissing(client.call<ContainerInspection>("GET", `/containers/${Id}/json`))),
  );
  const containers = new Map<string, ObservedContainer>();
  const layers: ContainerInspection[] = [];
  let infra: ObservedInfra | undefined;
  for (const inspection of inspected) {
    const labels = inspection?.Config.Labels ?? {};
    if (inspection === undefined) continue;
    if (labels[label.pod] !== undefined) infra = observedInfra(inspection, networkName(key));
    else if (labels[label.ways] !== undefined) layers.push(inspection);
    else if (labels[label.spec] !== undefined) {
      const container = observedContainer(inspection);
      containers.set(container.name, container);
    }
  }
  return { containers, ways: laidWays(layers), ...(infra === undefined ? {} : { infra }) };
}

/** Reads all pods of a component, by replica. */
export async function observeComponent(client: DockerClient, owner: string, key: PodKey): Promise<ReadonlyMap<number, ObservedPod>> {
  const list = await listContainers(client, componentLabels(owner, key));
  const replicas = [...new Set(list.map(({ Labels }) => replicaFromLabels(Labels)))].sort((a, b) => a - b);
  return new Map(
    await Promise.all(replicas.map(async (replica) => [replica, await observePod(client, owner, { ...key, replica })] as const)),
  );
}

/** Every pod of this owner that the engine has containers of. */
export async function listPods(client: DockerClient, owner: string): Promise<readonly ReplicaKey[]> {
  const list = await listContainers(client, { [label.owner]: owner });
  const keys = list.flatMap(({ Labels }) => keyFromLabels(Labels) ?? []);
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}

/** All containers of one pod. */
export async function listPod(client: DockerClient, owner: string, key: ReplicaKey): Promise<readonly ContainerSummary[]> {
  // By hand: pods that were made when a component had only one bear no replica that could be asked for.
  return (await listContainers(client, componentLabels(owner, key))).filter(({ Labels }) => replicaFromLabels(Labels) === key.replica);
}

export function listContainers(client: DockerClient, labels: Readonly<Record<string, string>>): Promise<readonly ContainerSummary[]> {
  return client.call("GET", "/containers/json", { query: { all: true, filters: labelFilter(labels) } });
}

function observedInfra({ Id, State, Config, NetworkSettings }: ContainerInspection, network: string): ObservedInfra {
  const { IPAddress: ip = "", Gateway: gateway = "" } = NetworkSettings.Networks[network] ?? {};
  // A former version's label lacks what came since.
  const former: Pick<Pod, "replicas" | "detours" | "exports"> = { replicas: 1, detours: [], exports: [] };
  const pod: Pod = Object.assign(former, JSON.parse(Config.Labels[label.pod] ?? "") as Pod);
  const outdated = pod.ports.some(({ entry }) => entry !== undefined);
  return { id: Id, healthy: State.Status === "running" && ip !== "", ip, gateway, startedAt: State.StartedAt, pod, outdated };
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

/** What laid the ways stays as their record; where there are two, or one that failed or is at it, nobody knows which of them counts. */
function laidWays([layer, ...others]: readonly ContainerInspection[]): Ways | undefined {
  if (layer === undefined) return directWays;
  const { State, Config } = layer;
  if (others.length > 0 || State.Status !== "exited" || State.ExitCode !== 0) return undefined;
  return JSON.parse(Config.Labels[label.ways] ?? "") as Ways;
}

const roles: readonly ContainerRole[] = ["init", "network", "app", "sidecar"];

/**
 * The pod that runs, as its containers' own labels tell it: each container as it was made last. A sidecar or a network plug-in that is not there
 * was removed since; another container that is not there is still part of the pod, and will be made again.
 */
export function runningPod({ infra, containers, ways }: ObservedPod): Pod | undefined {
  if (infra === undefined) return undefined;
  const lasting = (role: ContainerRole): boolean => role === "init" || role === "app";
  const kept = infra.pod.containers.flatMap((made) => containers.get(made.name)?.spec ?? (lasting(made.role) ? [made] : []));
  const names = new Set(infra.pod.containers.map(({ name }) => name));
  const added = [...containers.values()].flatMap(({ name, spec }) => (names.has(name) ? [] : [spec]));
  const all = [...kept, ...added].sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role));
  return { ...withWays(infra.pod, ways ?? directWays), containers: all };
}
