import type { Pod } from "@outrigger/pod";
import { makeBackOff, reconnectBackOff } from "../../back-off.ts";
import { runtimeErrors } from "../../errors.ts";
import type { PodEvent, PodStatus } from "../../runtime.ts";
import type { EngineContext } from "../client/context.ts";
import { codeOf, reasonOf } from "../client/refusal.ts";
import { containerFolder, isSettled, type KeptState, readState, sourceOf } from "../files/kept-state.ts";
import { waysOf } from "../traffic/ways.ts";
import { type Decision, decide, layingJob } from "./decide.ts";
import { infraName, type ReplicaKey } from "./names.ts";
import { noPod, type ObservedPod, observePod, runningPod } from "./observe.ts";
import { PodWork } from "./pod-work.ts";
import { endStatus, podStatus } from "./status.ts";

export interface KeeperOptions {
  readonly context: EngineContext;
  readonly key: ReplicaKey;
  readonly onStatus: (status: PodStatus) => void;
  readonly onEvent: (event: PodEvent) => void;
  /** Which of these components of the application do not run their app. */
  readonly missing: (components: readonly string[]) => readonly string[];
}

interface Removal {
  readonly volumes: boolean;
  readonly done: PromiseWithResolvers<void>;
}

const idle: Decision = { actions: [], settled: false };

/**
 * Keeps one pod as it is wanted. Whatever happens only wakes it: it then looks at what there is, decides, acts, and looks again until nothing is left
 * to do. So it needs no memory of its own to go on after a crash.
 */
export class PodKeeper {
  readonly #options: KeeperOptions;
  readonly #work: PodWork;
  #wanted: Pod | undefined;
  #removals: readonly Removal[] = [];
  #observed: ObservedPod = noPod;
  #kept: ReadonlyMap<string, KeptState> = new Map();
  #status: PodStatus | undefined;
  #node: string | undefined;
  #awake = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#work = new PodWork({ ...options, onChange: () => this.wake() });
  }

  get status(): PodStatus | undefined {
    return this.#status;
  }

  get wanted(): Pod | undefined {
    return this.#wanted;
  }

  /** False once the pod is removed and nobody wants it again. */
  get hasTask(): boolean {
    return this.#wanted !== undefined || this.#removals.length > 0;
  }

  /** Is to be removed, and nobody wants it again. */
  get isLeaving(): boolean {
    return this.#wanted === undefined && this.#removals.length > 0;
  }

  /** Wants this pod; gives up what an earlier wish still waits for. */
  want(pod: Pod): void {
    const text = JSON.stringify(pod);
    if (JSON.stringify(this.#wanted) !== text) {
      // As the engine's labels will give it back: undefined keys are gone.
      this.#wanted = JSON.parse(text) as Pod;
      this.#work.mishaps.forgetWaits();
      this.#work.jobs.giveUpWaits();
      if (this.#status?.upToDate === true) this.#show({ ...this.#status, upToDate: false });
    }
    this.wake();
  }

  /** Ends when nothing of the pod is left. */
  remove(volumes: boolean): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#wanted = undefined;
    this.#removals = [...this.#removals, { volumes, done }];
    this.#work.jobs.giveUpWaits();
    this.wake();
    return done.promise;
  }

  /** Looks again soon; a call while it looks makes it look once more afterwards. */
  wake(): void {
    this.#awake = true;
    if (this.#closed || this.#running !== undefined) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#awake) this.wake();
    });
  }

  /** Stops keeping; what runs goes on running. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#work.jobs.giveUpWaits();
    await this.#running;
    await this.#work.jobs.settled();
    // Last, since the look that was under way may have begun to probe or set the timer.
    this.#work.readiness.stop();
    clearTimeout(this.#timer);
    const what = `the removal of ${infraName(this.#options.key)}`;
    for (const { done } of this.#removals) done.reject(runtimeErrors["runtime-closed"]({ what }));
  }

  async #run(): Promise<void> {
    while (this.#awake && !this.#closed) {
      this.#awake = false;
      clearTimeout(this.#timer);
      try {
        if (this.#removals.length > 0) await this.#remove(this.#removals);
        else await this.#pass();
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  async #pass(): Promise<void> {
    const { context, key, missing } = this.#options;
    const { mishaps, readiness, jobs } = this.#work;
    // A container that something was being done to while it was looked at is left alone until the next look.
    const before = jobs.names();
    this.#node ??= await context.nodeName();
    const observed = await observePod(context.client, context.owner, key);
    this.#observed = observed;
    const busy = new Set([...before, ...jobs.names()]);
    if (observed.infra?.healthy === true || mishaps.get()?.code === "engine-unreachable") mishaps.clear();
    if (observed.infra?.healthy === true) await this.#work.noteEndings(observed, busy);
    readiness.follow(observed, busy.has(layingJob));
    const wanted = this.#wanted;
    if (wanted === undefined) return this.#publish(idle);
    this.#kept = await this.#readKept(wanted);
    const decision = decide({
      wanted,
      ways: waysOf(wanted, observed.infra?.gateway ?? ""),
      unsettled: this.#unsettled(wanted, observed),
      observed,
      busy,
      nextAt: (name) => mishaps.nextAt(name),
      isReady: (name) => readiness.isReady(name),
      missing: missing(wanted.dependsOn),
      now: Date.now(),
    });
    this.#publish(decision);
    if (decision.wakeAt !== undefined) this.#wakeAt(decision.wakeAt);
    for (const action of decision.actions) {
      await this.#work.act(action, wanted, observed);
      this.#awake ||= action.kind === "make-pod" || action.kind === "tear-down";
    }
  }

  async #readKept(wanted: Pod): Promise<ReadonlyMap<string, KeptState>> {
    const { context, key } = this.#options;
    const keeping = wanted.containers.filter(({ fileDirectories }) => fileDirectories !== undefined);
    const states = await Promise.all(
      keeping.map(async ({ name }) => [name, await readState(containerFolder(context.filesFolder, key, name))] as const),
    );
    return new Map(states.flatMap(([name, state]) => (state === undefined ? [] : [[name, state] as const])));
  }

  #unsettled(wanted: Pod, { infra }: ObservedPod): ReadonlySet<string> {
    const keeping = wanted.containers.filter(({ fileDirectories }) => fileDirectories !== undefined);
    const names = keeping.map(({ name }) => name);
    return new Set(names.filter((name) => !isSettled(this.#kept.get(name), sourceOf(wanted.discovery[name], infra?.ip ?? ""))));
  }

  async #remove(removals: readonly Removal[]): Promise<void> {
    const { context, key } = this.#options;
    if (this.#status?.state !== "stopping") this.#show(endStatus(key, "stopping"));
    const observed = await observePod(context.client, context.owner, key);
    await this.#work.remove(
      observed,
      removals.some(({ volumes }) => volumes),
    );
    this.#observed = noPod;
    this.#removals = this.#removals.filter((removal) => !removals.includes(removal));
    this.#awake ||= this.hasTask;
    this.#show(endStatus(key, "stopped"));
    for (const { done } of removals) done.resolve();
  }

  /** The pod as a whole could not be seen to; it is tried again later. */
  #fail(error: unknown): void {
    if (this.#closed) return;
    const { mishaps } = this.#work;
    const code = codeOf(error);
    const known = mishaps.get()?.reason;
    const mishap = mishaps.fail("", code, reasonOf(error), code === "engine-unreachable" ? reconnectBackOff : makeBackOff);
    if (known !== mishap.reason) this.#work.tell("warning", code, mishap.reason);
    if (this.#removals.length === 0) this.#publish(idle);
    this.#wakeAt(mishap.nextAt);
  }

  #publish(decision: Decision): void {
    const pod = this.#wanted ?? runningPod(this.#observed);
    if (pod === undefined) return;
    const { mishaps, readiness, lastMishap } = this.#work;
    const status = podStatus({
      key: this.#options.key,
      pod,
      kept: this.#kept,
      observed: this.#observed,
      decision,
      mishaps,
      isReady: (name) => readiness.isReady(name),
      unreadyReason: (name) => readiness.reason(name),
      node: this.#node,
      lastMishap,
      now: Date.now(),
    });
    if (JSON.stringify(status) !== JSON.stringify(this.#status)) this.#show(status);
  }

  #show(status: PodStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }

  #wakeAt(time: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), Math.max(10, time - Date.now()));
  }
}
