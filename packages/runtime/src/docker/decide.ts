import { isDeepStrictEqual } from "node:util";
import { type Container, type ContainerRole, diff, type Pod } from "@outrigger/pod";
import { type ObservedContainer, type ObservedPod, runningPod } from "./observe.ts";

/** One thing to do next. Those of one decision are independent of each other and are done at once. */
export type Action =
  /** Everything of the pod goes; it is made anew afterwards. */
  | { readonly kind: "tear-down"; readonly reason: string; readonly mishap: boolean }
  | { readonly kind: "make-pod" }
  | { readonly kind: "make"; readonly container: Container }
  | { readonly kind: "start"; readonly container: ObservedContainer }
  | { readonly kind: "discard"; readonly container: ObservedContainer };

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
  readonly observed: ObservedPod;
  /** Containers that something is being done to. */
  readonly busy: ReadonlySet<string>;
  /** When a container, or with no name the pod, may be tried again. */
  readonly nextAt: (container?: string) => number;
  readonly isReady: (container: string) => boolean;
  /** Components that must run first and don't. */
  readonly missing: readonly string[];
  readonly now: number;
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
  const discards = [...observed.containers.values()].filter((container) => !busy.has(container.name) && isStale(container, wanted));
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
  const startable = stopped.filter((container) => !held.includes(container));
  const isDue = ({ name }: { readonly name: string }): boolean => view.nextAt(name) <= view.now;
  const later = [...absent, ...startable].filter((container) => !isDue(container)).map(({ name }) => view.nextAt(name));
  const actions: readonly Action[] = [
    ...discards.map((container): Action => ({ kind: "discard", container })),
    ...absent.filter(isDue).map((container): Action => ({ kind: "make", container })),
    ...startable.filter(isDue).map((container): Action => ({ kind: "start", container })),
  ];
  return {
    actions,
    settled: actions.length === 0 && busy.size === 0 && later.length === 0 && held.length === 0 && stage.last,
    ...(later.length === 0 ? {} : { wakeAt: Math.min(...later) }),
    ...(held.length === 0 ? {} : { waitsFor: `waits for ${missing.join(", ")} to run` }),
  };
}

function isStale(container: ObservedContainer, wanted: Pod): boolean {
  const now = wanted.containers.find(({ name }) => name === container.name);
  return !isDeepStrictEqual(container.spec, now);
}

/** Runs, or changes of itself in a moment. */
function isUp({ state }: ObservedContainer): boolean {
  return state !== "created" && state !== "exited" && state !== "dead";
}

/** The containers whose turn it is to run: the first init container that is not done; else network plug-ins; and when they are ready all. */
function startStage(
  { wanted, observed, isReady }: View,
  begun: boolean,
): { readonly containers: readonly string[]; readonly last: boolean } {
  const names = (role: ContainerRole): readonly string[] => wanted.containers.filter((each) => each.role === role).map(({ name }) => name);
  const undone = begun ? undefined : names("init").find((name) => !isDone(observed.containers.get(name)));
  if (undone !== undefined) return { containers: [undone], last: false };
  const network = names("network");
  if (!network.every(isReady)) return { containers: network, last: false };
  return { containers: [...network, ...names("app"), ...names("sidecar")], last: true };
}

/** Has this init container done its work? */
export function isDone(container: ObservedContainer | undefined): boolean {
  return container?.state === "exited" && container.exitCode === 0;
}
