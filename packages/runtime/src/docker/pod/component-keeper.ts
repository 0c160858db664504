import { setTimeout as sleep } from "node:timers/promises";
import type { Pod, PodKey } from "@outrigger/pod";
import { reconnectBackOff } from "../../back-off.ts";
import { runtimeErrors } from "../../errors.ts";
import type { PodEvent, PodStatus } from "../../runtime.ts";
import type { EngineContext } from "../client/context.ts";
import { componentLabels, keyText, replicaFromLabels } from "./names.ts";
import { listContainers } from "./observe.ts";
import { PodKeeper } from "./pod-keeper.ts";
import { listVolumes } from "./volumes.ts";

export interface ComponentOptions {
  readonly context: EngineContext;
  readonly key: PodKey;
  readonly onStatus: (status: PodStatus) => void;
  readonly onEvent: (event: PodEvent) => void;
  /** Which of these components of the application do not run their app. */
  readonly missing: (components: readonly string[]) => readonly string[];
}

/** Keeps as many of a component's pods as are wanted: one keeper for each of them, and for each that is there and must go. */
export class ComponentKeeper {
  readonly #options: ComponentOptions;
  readonly #pods = new Map<number, PodKeeper>();
  readonly #closing = new AbortController();
  #wanted: Pod | undefined;
  #removals = 0;

  constructor(options: ComponentOptions) {
    this.#options = options;
  }

  get key(): PodKey {
    return this.#options.key;
  }

  get wanted(): Pod | undefined {
    return this.#wanted;
  }

  /** True once nothing of it is there, and nobody wants it again. */
  get isOver(): boolean {
    return this.#wanted === undefined && this.#removals === 0 && this.#pods.size === 0;
  }

  get runsApp(): boolean {
    return this.#pods.values().some(({ status }) => status?.containers.some(({ role, state }) => role === "app" && state === "running"));
  }

  statuses(): readonly PodStatus[] {
    return [...this.#pods].sort(([a], [b]) => a - b).flatMap(([, { status }]) => status ?? []);
  }

  /** Wants so many of this pod. */
  want(pod: Pod): void {
    this.#wanted = pod;
    // Their number is no concern of theirs: when it changes, those that stay are left alone.
    for (let replica = 0; replica < pod.replicas; replica += 1) this.#podOf(replica).want({ ...pod, replicas: 1 });
    for (const replica of [...this.#pods.keys()]) this.#removeSurplus(replica);
  }

  /** The engine has something of this pod. */
  adopt(replica: number): void {
    this.#podOf(replica).wake();
    this.#removeSurplus(replica);
  }

  /** Looks again at one pod, or at all. */
  wake(replica?: number): void {
    for (const [each, pod] of this.#pods) if (each === (replica ?? each)) pod.wake();
  }

  /** Ends when nothing of any pod is left. @throws runtime-closed */
  async remove(volumes: boolean): Promise<void> {
    this.#wanted = undefined;
    this.#removals += 1;
    try {
      const removed = new Set<number>();
      let left: readonly number[] = [...new Set([0, ...this.#pods.keys()])];
      while (left.length > 0) {
        for (const replica of left) removed.add(replica);
        await Promise.all(left.map((replica) => this.#podOf(replica).remove(volumes)));
        const there = await this.#left(volumes);
        // What is there once it is wanted again is not for this removal to take.
        left = this.#wanted === undefined ? there.filter((replica) => !removed.has(replica)) : [];
      }
    } finally {
      this.#removals -= 1;
    }
  }

  /** Stops keeping; what runs goes on running. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#pods.values()].map((pod) => pod.close()));
  }

  /** Pods of the component that the engine still has something of. */
  async #left(volumes: boolean): Promise<readonly number[]> {
    const { context, key } = this.#options;
    while (!this.#closing.signal.aborted) {
      try {
        const [containers, kept] = await Promise.all([
          listContainers(context.client, componentLabels(context.owner, key)),
          volumes ? listVolumes(context, key) : [],
        ]);
        return [...new Set([...containers, ...kept].map(({ Labels }) => replicaFromLabels(Labels)))];
      } catch {
        // The engine has gone away; it is waited for, as everywhere.
        await sleep(reconnectBackOff.most, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
    }
    throw runtimeErrors["runtime-closed"]({ what: `the removal of ${keyText(key)}` });
  }

  #removeSurplus(replica: number): void {
    if (this.#wanted === undefined || replica < this.#wanted.replicas) return;
    const pod = this.#pods.get(replica);
    // Only the end of the runtime makes it fail.
    if (pod?.isLeaving === false) pod.remove(false).catch(() => {});
  }

  #podOf(replica: number): PodKeeper {
    const found = this.#pods.get(replica);
    if (found !== undefined) return found;
    const { context, key, missing, onEvent, onStatus } = this.#options;
    const pod = new PodKeeper({
      context,
      key: { ...key, replica },
      missing,
      onEvent,
      onStatus: (status) => {
        if (status.state === "stopped" && !pod.hasTask) {
          this.#pods.delete(replica);
          pod.close().catch(() => {});
        }
        onStatus(status);
      },
    });
    this.#pods.set(replica, pod);
    return pod;
  }
}
