import { setTimeout as sleep } from "node:timers/promises";
import { formatPath, type PlainProblem } from "@outrigger/plugin";
import type { DiscoveryPorts, PodKey } from "@outrigger/pod";
import type { ImageBuilder, PodRuntime } from "@outrigger/runtime";
import type { Logger } from "pino";
import { composeAll, loadApplication } from "./applications/desired.ts";
import { endpointsOf } from "./applications/endpoints.ts";
import type { Bell } from "./bell.ts";
import type { DiscoveryHub } from "./discovery/hub.ts";
import type { EventLog } from "./events.ts";
import { componentImageNames } from "./image-names.ts";
import { allApplications, deleteIfEmpty } from "./store/applications.ts";
import { componentImages } from "./store/builds.ts";
import { changeWish, deleteComponent, findComponent } from "./store/components.ts";
import { type Database, inTransaction } from "./store/database.ts";
import type { ComponentRow, Wish } from "./store/tables.ts";

/** Drives the runtime until what runs is what the store says. Nothing else starts or stops a pod. */
export interface Reconciler {
  /** Composes and wants everything there is, then removes pods that nothing asks for. */
  readonly start: () => void;
  /** Says that the store has something new about an application. Returns at once. */
  readonly notice: (team: string, application: string) => void;
  /** Says that a component fares otherwise: who calls it may have to be told other addresses. Returns at once. */
  readonly noteStatus: (key: PodKey) => void;
  /** Why a component is held back; undefined when its pod is wanted. */
  readonly waitingReason: (key: PodKey) => string | undefined;
  /** Ends when nothing is under way any more; pods go on running. */
  readonly close: () => Promise<void>;
}

export interface ReconcilerParts {
  readonly owner: string;
  readonly db: Database;
  readonly runtime: PodRuntime;
  readonly hub: DiscoveryHub;
  readonly discoveryPorts: DiscoveryPorts;
  readonly images: Pick<ImageBuilder, "forget">;
  readonly events: EventLog;
  readonly bell: Bell;
  readonly log: Logger;
}

/** The topic that rings when a component of an application fares otherwise. */
export function statusTopic(team: string, application: string): string {
  return `status:${team}/${application}`;
}

const firstRetryMs = 500;
const longestRetryMs = 30_000;

export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { owner, db, runtime, hub, images, events, bell, log } = parts;
  const dirty = new Map<string, { readonly team: string; readonly application: string }>();
  const waiting = new Map<string, string>();
  /** Pods that are being removed; such a pod is wanted again only when that is done. */
  const removals = new Map<string, Promise<void>>();
  /** The addresses of each component's pods, as they were told to those that depend on it. */
  const endpoints = new Map<string, string>();
  const stopping = new AbortController();
  let working: Promise<void> | undefined;

  const notice = (team: string, application: string): void => {
    if (stopping.signal.aborted) return;
    dirty.set(`${team}/${application}`, { team, application });
    begin();
  };

  const begin = (): void => {
    working ??= work().finally(() => {
      working = undefined;
      if (dirty.size > 0) begin();
    });
  };

  const work = async (): Promise<void> => {
    for (const [name, each] of dirty) {
      dirty.delete(name);
      try {
        await reconcile(each.team, each.application);
      } catch (error) {
        log.error({ err: error, application: name }, "can't reconcile; trying again");
        inBackground(pause(firstRetryMs).then(() => notice(each.team, each.application)));
      }
    }
  };

  const reconcile = async (team: string, application: string): Promise<void> => {
    const { desired, rows } = await loadApplication(db, team, application);
    const compositions = composeAll(parts, team, application, desired);
    const wishes = new Map(rows.map((row) => [row.name, row.wish]));
    for (const [index, { component, installations }] of desired.entries()) {
      const composition = compositions[index];
      if (wishes.get(component.name) !== "run" || composition === undefined) continue;
      const key = { team, application, component: component.name };
      if (removals.has(keyText(key))) hold(key, "its old pod is being removed");
      else if (!composition.ok) hold(key, composition.problems.map(describe).join(" "));
      else {
        waiting.delete(keyText(key));
        // First, so that a plug-in that starts finds its settings.
        await hub.publish(composition.pod, new Map(installations.map(({ plugin, instance }) => [plugin, instance])));
        runtime.want(composition.pod);
      }
    }
    for (const row of rows) if (row.wish !== "run") fulfilRemoval(row);
    if (rows.length === 0) await deleteIfEmpty(db, team, application);
    bell.ring(statusTopic(team, application));
  };

  const noteStatus = (key: PodKey): void => {
    bell.ring(statusTopic(key.team, key.application));
    const text = JSON.stringify(endpointsOf(runtime, key));
    if (endpoints.get(keyText(key)) === text) return;
    endpoints.set(keyText(key), text);
    notice(key.team, key.application);
  };

  const fulfilRemoval = ({ team, application, name, wish }: ComponentRow): void => {
    const key = { team, application, component: name };
    removePod(key, wish === "remove-with-volumes", () => removed(key, wish));
  };

  /** The wish may have changed while the pod was being removed; then the new one is looked at. */
  const removed = async (key: PodKey, wish: Wish): Promise<void> => {
    const unused = await inTransaction(db, async (tx) => {
      if (wish === "restart") await changeWish(tx, key, "restart", "run");
      else if (await deleteComponent(tx, key, wish)) {
        const subject = `component:${key.application}/${key.component}`;
        const message = `${key.component} of ${key.application} is removed.`;
        await events.record(tx, { team: key.team, subject, kind: "normal", reason: "removed", message });
        await deleteIfEmpty(tx, key.team, key.application);
        // Without its volumes it may come again soon, and then its image need not be built anew; a build for it may even have ended meanwhile.
        return wish === "remove-with-volumes" && !(await componentImages(tx, key.team, key.application)).has(key.component);
      }
      return false;
    });
    if (unused) await images.forget(componentImageNames(owner, key));
  };

  const removePod = (key: PodKey, volumes: boolean, then: () => Promise<void>): void => {
    const name = keyText(key);
    if (removals.has(name)) return;
    const remove = async (): Promise<void> => {
      await runtime.remove(key, { volumes });
      hub.withdraw(key);
      endpoints.delete(name);
      await then();
      waiting.delete(name);
    };
    const removal = insist(remove, (reason) => hold(key, `it can't be removed yet: ${reason}`)).finally(() => {
      removals.delete(name);
      notice(key.team, key.application);
    });
    removals.set(name, removal);
  };

  const removeStrays = async (): Promise<void> => {
    for (const key of await runtime.known()) {
      if ((await findComponent(db, key)) === undefined) removePod(key, false, async () => undefined);
    }
  };

  /** Tries until it is done, or the server stops. */
  const insist = async (task: () => Promise<void>, onFailure: (reason: string) => void): Promise<void> => {
    for (let retryMs = firstRetryMs; !stopping.signal.aborted; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      try {
        return await task();
      } catch (error) {
        if (stopping.signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        log.warn({ reason }, "the engine did not do what was asked; trying again");
        onFailure(reason);
        await pause(retryMs);
      }
    }
  };

  const hold = (key: PodKey, reason: string): void => {
    if (waiting.get(keyText(key)) === reason) return;
    waiting.set(keyText(key), reason);
    bell.ring(statusTopic(key.team, key.application));
  };

  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
  const background = new Set<Promise<void>>();
  const inBackground = (task: Promise<void>): void => {
    const done = task.finally(() => background.delete(done));
    background.add(done);
  };

  const startAll = async (): Promise<void> => {
    for (const { team, name } of await allApplications(db)) notice(team, name);
    await removeStrays();
  };

  return {
    start: () => inBackground(insist(startAll, () => undefined)),
    notice,
    noteStatus,
    waitingReason: (key) => (waiting.size === 0 ? undefined : waiting.get(keyText(key))),
    close: async () => {
      stopping.abort();
      dirty.clear();
      await Promise.allSettled([working, ...background]);
      // A removal under way goes on in the engine; the next start finishes it.
    },
  };
}

function describe({ path, message }: PlainProblem): string {
  return path.length === 0 ? message : `${formatPath(path)}: ${message}`;
}

function keyText(key: PodKey): string {
  return `${key.team}/${key.application}/${key.component}`;
}
