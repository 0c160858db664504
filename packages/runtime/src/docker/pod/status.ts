import { type Container, type Pod, replicaName } from "@outrigger/pod";
import type { ContainerStatus, PodState, PodStatus } from "../../runtime.ts";
import { type KeptState, settingsOf } from "../files/kept-state.ts";
import type { Decision } from "./decide.ts";
import { isDone, layingJob } from "./decide.ts";
import type { Mishap, Mishaps } from "./mishaps.ts";
import { keyOf, type ReplicaKey } from "./names.ts";
import type { ObservedContainer, ObservedPod } from "./observe.ts";

export interface StatusInput {
  readonly key: ReplicaKey;
  readonly pod: Pod;
  /** What is known of kept files, by container. */
  readonly kept: ReadonlyMap<string, KeptState>;
  readonly observed: ObservedPod;
  readonly decision: Decision;
  readonly mishaps: Pick<Mishaps, "get" | "restarts">;
  readonly isReady: (container: string) => boolean;
  /** Why a running container is not ready. */
  readonly unreadyReason: (container: string) => string | undefined;
  readonly node: string | undefined;
  /** The last mishap that was mended, or what keeps the whole pod. */
  readonly lastMishap: string | undefined;
  readonly now: number;
}

/** How the pod fares, from what was seen and what is to be done. Pure. */
export function podStatus(input: StatusInput): PodStatus {
  const { key, pod, observed, decision, mishaps, node, lastMishap } = input;
  const containers = pod.containers.map((container) => containerStatus(container, input));
  const state = stateOf(input, containers);
  const blocking =
    state === "ready" || state === "running"
      ? undefined
      : (mishaps.get()?.reason ?? mishaps.get(layingJob)?.reason ?? decision.waitsFor ?? failingReason(containers));
  const unready = state === "running" ? failingReason(containers) : undefined;
  const reason = blocking ?? unready ?? lastMishap;
  return {
    key: keyOf(key),
    replica: key.replica,
    name: replicaName(key, key.replica),
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(observed.infra?.healthy === true ? { ip: observed.infra.ip } : {}),
    ...(node === undefined ? {} : { node }),
    containers,
    upToDate: decision.settled,
  };
}

/** A pod that is no longer wanted. */
export function endStatus(key: ReplicaKey, state: "stopping" | "stopped"): PodStatus {
  const name = replicaName(key, key.replica);
  return { key: keyOf(key), replica: key.replica, name, state, containers: [], upToDate: state === "stopped" };
}

// The pod can do nothing about these; someone else must, and it goes on by itself then.
const heldBy = new Set(["port-taken", "image-missing", "name-taken", "engine-unreachable"]);

function stateOf({ pod, mishaps, decision, isReady, observed, now }: StatusInput, containers: readonly ContainerStatus[]): PodState {
  const blocked = [
    mishaps.get(),
    mishaps.get(layingJob),
    ...pod.containers.map(({ name }) => unmended(name, mishaps, observed, now)),
  ].filter((each) => each !== undefined);
  if (blocked.some(({ code }) => !heldBy.has(code))) return "failing";
  if (blocked.length > 0 || decision.waitsFor !== undefined) return "waiting";
  const lasting = containers.filter(({ role }) => role !== "init");
  if (!lasting.every(({ state }) => state === "running")) return "starting";
  return lasting.every(({ name }) => isReady(name)) ? "ready" : "running";
}

/** The mishap that keeps a container from running now; one that is mended at once is not yet a failure. */
function unmended(name: string, mishaps: StatusInput["mishaps"], { containers }: ObservedPod, now: number): Mishap | undefined {
  const mishap = mishaps.get(name);
  const container = containers.get(name);
  const mended = container?.state === "running" || isDone(container) || (mishap?.failures === 1 && mishap.nextAt <= now);
  return mended ? undefined : mishap;
}

function failingReason(containers: readonly ContainerStatus[]): string | undefined {
  const first = containers.find(({ ready, reason }) => !ready && reason !== undefined);
  return first === undefined ? undefined : `${first.name}: ${first.reason}`;
}

function containerStatus({ name, role, plugin, image }: Container, input: StatusInput): ContainerStatus {
  const observed = input.observed.containers.get(name);
  const reason = reasonOf(name, observed, input);
  const kept = input.kept.get(name);
  return {
    name,
    role,
    ...(plugin === undefined ? {} : { plugin: `${plugin.name}@${plugin.version}` }),
    image,
    state: stateWord(observed),
    ready: role === "init" ? isDone(observed) : observed?.state === "running" && input.isReady(name),
    restarts: input.mishaps.restarts(name),
    ...(stateWord(observed) === "exited" && observed !== undefined ? { exitCode: observed.exitCode } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(observed === undefined || isNever(observed.startedAt) ? {} : { startedAt: observed.startedAt }),
    ...(observed === undefined || isNever(observed.finishedAt) ? {} : { finishedAt: observed.finishedAt }),
    ...(kept === undefined ? {} : { settings: settingsOf(kept) }),
  };
}

function stateWord(observed: ObservedContainer | undefined): ContainerStatus["state"] {
  if (observed === undefined || observed.state === "created") return "waiting";
  return observed.state === "running" || observed.state === "paused" ? "running" : "exited";
}

function reasonOf(name: string, observed: ObservedContainer | undefined, { mishaps, unreadyReason }: StatusInput): string | undefined {
  if (isDone(observed) && observed?.role === "init") return undefined;
  if (observed?.state === "paused") return "paused by hand";
  return observed?.state === "running" ? unreadyReason(name) : mishaps.get(name)?.reason;
}

/** The engine writes the year 1 where something has not happened yet. */
export function isNever(time: string): boolean {
  return time.startsWith("0001-");
}
