import { isDeepStrictEqual } from "node:util";
import { type Container, type ContainerRole, diff, type Pod } from "@outrigger/pod";
import { sameWays, type Ways } from "../traffic/ways.ts";
import { type ObservedContainer, type ObservedPod, runningPod } from "./observe.ts";

/** One thing to do next. Those of one decision are independent of each other and are done at once. */
export type Action =
  /** Everything of the pod goes; it is made anew afterwards. */
  | { readonly kind: "tear-down"; readonly reason: string; readonly mishap: boolean }
  | { readonly kind: "make-pod" }
  | { readonly kind: "make"; readonly container: Container }
  | { readonly kind: "start"; readonly container: ObservedContainer }
  | { readonly kind: "discard"; readonly container: ObservedContainer }
  /** The traffic in the pod's network takes these ways. */
  | { readonly kind: "lay"; readonly ways: Ways }
  /** The container's kept files become what they should be. */
  | { readonly kind: "settle"; readonly container: ObservedContainer };

export interface Decision {
  readonly actions: readonly Action[];
  /** When to look again though nothing happens, in milliseconds since the epoch. */
  readonly wakeAt?: number;
  /** Nothing is left to do, nor under way, and nothing is held back: what runs is what is wanted. */
  readonly settled: boolean;
  /** What holds the pod back. */
  readonly waitsFor?: string;
}

export interface View {
  readonly wanted: Pod;
  /** The ways of traffic that are wanted. */
  readonly ways: Ways;
  readonly observed: ObservedPod;
  /** Containers that something is being done to, by name; also {@link layingJob}. */
  readonly busy: ReadonlySet<string>;
  /** When a container, or with no name the pod, may be tried again. */
  readonly nextAt: (container?: string) => number;
  readonly isReady: (container: string) => boolean;
  /** Containers whose kept files are not yet what they should be. */
  readonly unsettled: ReadonlySet<string>;
  /** Components that must run first and don't. */
  readonly missing: readonly string[];
  readonly now: number;
}

/** The name under which ways are laid; no container has such a name. */
export const layingJob = ".redirects";

/** The name under which the failures of a container's kept files are counted. */
export function filesJob(container: string): string {
  return `.files.${container}`;
}

/** What to do next to make what runs into what is wanted. Pure; called again after each thing that happens. */
export function decide(view: View): Decision {
  const { wanted, observed } = view;
  const running = runningPod(observed);
  if (running === undefined || observed.infra === undefined) {
    if (observed.containers.size > 0) return whole({ kind: "tear-down", reason: "its network was removed", mishap: true });
    const wait = view.nextAt();
    return wait > view.now ? { actions: [], wakeAt: wait, settled: false } : whole({ kind: "make-pod" });
  }
  if (!observed.infra.healthy) return whole({ kind: "tear-down", reason: "its network ended", mishap: true });
  if (observed.infra.outdated) return whole({ kind: "tear-down", reason: "a former version of Outrigger made it", mishap: false });
  const change = diff(running, { ...wanted, discovery: {} });
  if (change.kind === "recreate") {
    const reasons = change.changes.filter(({ kind }) => kind === "recreate").map(({ reason }) => reason);
    return whole({ kind: "tear-down", reason: reasons.join("; "), mishap: false });
  }
  return parts(view);
}

function whole(action: Action): Decision {
  return { actions: [action], settled: false };
}

function parts(view: View): Decision {
  const { wanted, observed, busy, missing } = view;
  const begun = [...observed.containers.values()].some(({ role, state }) => role !== "init" && state !== "created");
  const discards = [...observed.containers.values()].filter((container) => !busy.has(container.name) && mayGo(container, view));
  const leaving = new Set(discards.map(({ name }) => name));
  const absent = wanted.containers.filter(
    // An init container that someone removes after the app has started is not run again.
    ({ name, role }) => !observed.containers.has(name) && !busy.has(name) && !(begun && role === "init"),
  );
  const stage = startStage(view, begun);
  const stopped = stage.containers.flatMap((name): readonly ObservedContainer[] => {
    const container = observed.containers.get(name);
    return container === undefined || busy.has(name) || leaving.has(name) || isUp(container) ? [] : [container];
  });
  // What is just made and has never run is held back by dependencies; what has run is started again whatever they do.
  const held = missing.length > 0 ? stopped.filter(({ state }) => state === "created") : [];
  const toSettle = [...observed.containers.values()].filter(({ name }) => !busy.has(name) && !leaving.has(name) && maySettle(name, view));
  const fresh = toSettle.filter((container) => isFresh(container, view));
  const possible: readonly (readonly [name: string, action: Action])[] = [
    ...absent.map((container) => [container.name, { kind: "make", container }] as const),
    ...stopped.filter((container) => !held.includes(container)).map((container) => [container.name, { kind: "start", container }] as const),
    ...toSettle
      .filter((container) => !fresh.includes(container))
      .map((container) => [filesJob(container.name), { kind: "settle", container }] as const),
    ...(stage.lays && !busy.has(layingJob) ? [[layingJob, { kind: "lay", ways: view.ways }] as const] : []),
  ];
  const heard = fresh.map(({ startedAt }) => Date.parse(startedAt) + timeToListen);
  const later = [...possible.map(([name]) => view.nextAt(name)), ...heard].filter((time) => time > view.now);
  const actions: readonly Action[] = [
    ...discards.map((container): Action => ({ kind: "discard", container })),
    ...possible.filter(([name]) => view.nextAt(name) <= view.now).map(([, action]) => action),
  ];
  return {
    actions,
    settled: actions.length === 0 && busy.size === 0 && later.length === 0 && held.length === 0 && stage.last,
    ...(later.length === 0 ? {} : { wakeAt: Math.min(...later) }),
    ...(held.length === 0 ? {} : { waitsFor: `waits for ${missing.join(", ")} to run` }),
  };
}

/** Is it to go, or to be replaced, and nobody needs it any more? */
function mayGo(container: ObservedContainer, { wanted, ways, observed, unsettled }: View): boolean {
  const now = wanted.containers.find(({ name }) => name === container.name);
  if (isDeepStrictEqual(container.spec, now)) return false;
  // One that is replaced goes at once, and its port stays taken over meanwhile: an ingress plug-in may be a guard, so nobody may slip past it.
  if (container.role !== "network" || now !== undefined) return true;
  // One that is removed serves until the traffic has found its other way, and those before it have been told where to pass it on to.
  return sameWays(observed.ways, ways) && !wanted.containers.some(({ name, role }) => role === "network" && unsettled.has(name));
}

/** A plug-in on the way is told of its new neighbours only when those are there. */
function maySettle(name: string, { wanted, observed, unsettled, isReady }: View): boolean {
  if (!unsettled.has(name)) return false;
  const onTheWay = observed.ways?.plugins ?? [];
  return !onTheWay.includes(name) || namesOf(wanted, "network").every((other) => onTheWay.includes(other) || isReady(other));
}

const timeToListen = 10_000;

/** A process that has just started may read its files, and not yet hear that they change; it is told when it is ready, or has had its time. */
function isFresh({ name, state, startedAt, spec }: ObservedContainer, { isReady, now }: View): boolean {
  return state === "running" && spec.readiness !== undefined && !isReady(name) && now - Date.parse(startedAt) < timeToListen;
}

/** Runs, or changes of itself in a moment. */
function isUp({ state }: ObservedContainer): boolean {
  return state !== "created" && state !== "exited" && state !== "dead";
}

interface Stage {
  /** The containers whose turn it is to run. */
  readonly containers: readonly string[];
  /** It is time to lay the ways that are wanted. */
  readonly lays: boolean;
  /** No stage comes after it. */
  readonly last: boolean;
}

/** First one init container after the other; then network plug-ins; when they are ready the ways of the traffic; then all. */
function startStage({ wanted, ways, observed, isReady }: View, begun: boolean): Stage {
  const undone = begun ? undefined : namesOf(wanted, "init").find((name) => !isDone(observed.containers.get(name)));
  if (undone !== undefined) return { containers: [undone], lays: false, last: false };
  const network = namesOf(wanted, "network");
  const onTheWay = network.filter((name) => observed.ways?.plugins.includes(name) === true);
  const laid = sameWays(observed.ways, ways);
  // One that is on the way already makes nothing worse by not being ready.
  const lays = !laid && network.every((name) => onTheWay.includes(name) || isReady(name));
  const appBegun = observed.containers.values().some(({ role, state }) => role === "app" && state !== "created");
  // An app that has begun waits only for those that its traffic passes, not for those that come later.
  const gates = appBegun ? onTheWay : network;
  const open = gates.every(isReady) && (appBegun || laid);
  if (!open) return { containers: network, lays, last: false };
  const containers = [...network, ...namesOf(wanted, "app"), ...namesOf(wanted, "sidecar")];
  return { containers, lays, last: laid && network.every(isReady) };
}

function namesOf(pod: Pod, role: ContainerRole): readonly string[] {
  return pod.containers.filter((each) => each.role === role).map(({ name }) => name);
}

/** Has this init container done its work? */
export function isDone(container: ObservedContainer | undefined): boolean {
  return container?.state === "exited" && container.exitCode === 0;
}
