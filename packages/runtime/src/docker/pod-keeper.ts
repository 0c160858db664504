import { diff, type Pod, type PodDiff, type PodKey } from "@outrigger/pod";
import { makeBackOff, pullBackOff, restartBackOff } from "../back-off.ts";
import { runtimeErrors } from "../errors.ts";
import type { PodEvent, PodStatus } from "../runtime.ts";
import type { EngineContext } from "./context.ts";
import { type Action, type Decision, decide, isDone } from "./decide.ts";
import { describeExit, lastLogLine } from "./exits.ts";
import { Jobs } from "./jobs.ts";
import { Mishaps } from "./mishaps.ts";
import { infraName } from "./names.ts";
import { removeNetwork, removeVolumes } from "./networks-volumes.ts";
import { type ObservedContainer, type ObservedPod, observePod, runningPod } from "./observe.ts";
import { createContainer, createInfra, discard, startInfra, tearDown } from "./pod-actions.ts";
import { Readiness } from "./readiness.ts";
import { hasCode, reasonOf } from "./refusal.ts";
import { endStatus, isNever, podStatus } from "./status.ts";

export interface KeeperOptions {
  readonly context: EngineContext;
  readonly key: PodKey;
  readonly onStatus: (status: PodStatus) => void;
  readonly onEvent: (event: PodEvent) => void;
  /** Which of these components of the application do not run their app. */
  readonly missing: (components: readonly string[]) => readonly string[];
}

interface Removal {
  readonly volumes: boolean;
  readonly done: PromiseWithResolvers<void>;
}

const nothing: ObservedPod = { containers: new Map() };

/**
 * Keeps one pod as it is wanted. Whatever happens only wakes it: it then looks at what there is, decides, acts, and looks again until nothing is left
 * to do. So it needs no memory of its own to go on after a crash.
 */
export class PodKeeper {
  readonly #options: KeeperOptions;
  readonly #mishaps = new Mishaps();
  readonly #jobs: Jobs;
  readonly #readiness: Readiness;
  #wanted: Pod | undefined;
  #removals: Removal[] = [];
  #observed: ObservedPod = nothing;
  #status: PodStatus | undefined;
  #node: string | undefined;
  #lastMishap: string | undefined;
  #awake = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#jobs = new Jobs(() => this.wake());
    this.#readiness = new Readiness({
      client: options.context.client,
      onChange: () => this.wake(),
      onFailed: (container, reason) => this.#restart(container, reason),
    });
  }

  get status(): PodStatus | undefined {
    return this.#status;
  }

  get wanted(): Pod | undefined {
    return this.#wanted;
  }

  want(pod: Pod): void {
    // As the engine's labels will give it back: undefined keys are gone.
    const wanted = JSON.parse(JSON.stringify(pod)) as Pod;
    if (this.#wanted !== undefined && JSON.stringify(this.#wanted) === JSON.stringify(wanted)) return this.wake();
    this.#wanted = wanted;
    this.#mishaps.forgetWaits();
    this.#jobs.giveUpWaits();
    this.wake();
  }

  /** Ends when nothing of the pod is left. */
  remove(volumes: boolean): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#wanted = undefined;
    this.#removals.push({ volumes, done });
    this.#jobs.giveUpWaits();
    this.wake();
    return done.promise;
  }

  /** What `want(pod)` would change. */
  async plan(pod: Pod): Promise<PodDiff> {
    const { context, key } = this.#options;
    const running = runningPod(await observePod(context.client, context.owner, key));
    return diff(running && { ...running, discovery: this.#wanted?.discovery ?? {} }, pod);
  }

  /** Looks again soon; calls while it looks make it look once more afterwards. */
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
    this.#readiness.stop();
    clearTimeout(this.#timer);
    this.#jobs.giveUpWaits();
    await this.#running;
    await this.#jobs.settled();
    for (const { done } of this.#removals.splice(0))
      done.reject(runtimeErrors["runtime-closed"]({ what: `the removal of ${infraName(this.#options.key)}` }));
  }

  async #run(): Promise<void> {
    while (this.#awake && !this.#closed) {
      this.#awake = false;
      clearTimeout(this.#timer);
      try {
        if (this.#removals.length > 0) await this.#removeAll();
        else await this.#pass();
      } catch (error) {
        this.#failPod(error);
      }
    }
  }

  async #pass(): Promise<void> {
    const { context, key, missing } = this.#options;
    // A container that something was being done to while it was looked at is left alone until the next look.
    const before = this.#jobs.names();
    this.#node ??= await context.nodeName();
    const observed = await observePod(context.client, context.owner, key);
    this.#observed = observed;
    if (observed.infra?.healthy === true || this.#mishaps.get()?.code === "engine-unreachable") this.#mishaps.clear();
    const busy = new Set([...before, ...this.#jobs.names()]);
    if (observed.infra?.healthy === true) await this.#noteEndings(observed, busy);
    this.#readiness.follow(observed);
    const wanted = this.#wanted;
    if (wanted === undefined) return this.#publish({ actions: [], settled: false });
    const decision = decide({
      wanted,
      observed,
      busy,
      nextAt: (name) => this.#mishaps.nextAt(name),
      isReady: (name) => this.#readiness.isReady(name),
      missing: missing(wanted.dependsOn),
      now: Date.now(),
    });
    this.#publish(decision);
    if (decision.wakeAt !== undefined) this.#wakeAt(decision.wakeAt);
    for (const action of decision.actions) await this.#act(action, wanted, observed);
  }

  /** What concerns the whole pod is waited for; what concerns one container goes on beside. */
  async #act(action: Action, wanted: Pod, observed: ObservedPod): Promise<void> {
    const { context } = this.#options;
    if (action.kind === "tear-down") return this.#tearDown(action.reason, action.mishap);
    if (action.kind === "make-pod") return this.#makePod(wanted);
    const { container } = action;
    this.#jobs.launch(container.name, async (signal) => {
      try {
        if (action.kind === "discard") await discard(context, action.container);
        if (action.kind === "start") await this.#start(action.container);
        if (action.kind === "make" && observed.infra !== undefined) {
          const { id, ip } = observed.infra;
          await createContainer(context, wanted, action.container, { infra: id, address: async () => ip, signal });
        }
        if (action.kind !== "start") this.#mishaps.clear(container.name);
      } catch (error) {
        this.#failContainer(container.name, error, signal);
      }
    });
  }

  /** The other containers are made while the infra container starts. */
  async #makePod(pod: Pod): Promise<void> {
    const { context, key } = this.#options;
    const infra = await createInfra(context, pod);
    const started = startInfra(context, pod, infra);
    for (const container of pod.containers) {
      this.#jobs.launch(container.name, async (signal) => {
        try {
          await createContainer(context, pod, container, { infra, address: () => started, signal });
        } catch (error) {
          this.#failContainer(container.name, error, signal);
        }
      });
    }
    try {
      await started;
      this.#mishaps.clear();
    } catch (error) {
      await this.#jobs.cancel();
      await tearDown(context, key, []);
      await removeVolumes(context, key, "ephemeral");
      for (const { name } of pod.containers) this.#mishaps.clear(name);
      throw error;
    } finally {
      this.#awake = true;
    }
  }

  async #start(container: ObservedContainer): Promise<void> {
    const { client } = this.#options.context;
    const again = !isNever(container.startedAt);
    await client.call("POST", `/containers/${container.id}/start`);
    if (again) this.#mishaps.countRestart(container.name);
    const after = this.#mishaps.get(container.name)?.reason;
    if (again) this.#event("normal", "restarted", `${container.name} was started again${after === undefined ? "" : ` after: ${after}`}`);
    else this.#event("normal", "started", `${container.name} was started`);
  }

  async #tearDown(reason: string, mishap: boolean): Promise<void> {
    const { context, key } = this.#options;
    this.#readiness.stop();
    await this.#jobs.cancel();
    await tearDown(context, key, this.#observed.containers.values());
    await removeVolumes(context, key, "ephemeral");
    this.#mishaps.reset();
    if (mishap) this.#lastMishap = `made anew: ${reason}`;
    this.#event(mishap ? "warning" : "normal", "recreated", `${infraName(key)} is made anew: ${reason}`);
    this.#awake = true;
  }

  async #removeAll(): Promise<void> {
    const { context, key, onStatus } = this.#options;
    const name = this.#observed.infra?.pod.name ?? `${key.application}-${key.component}`;
    const removals = [...this.#removals];
    const show = (state: "stopping" | "stopped"): void => {
      this.#status = endStatus(key, name, state);
      onStatus(this.#status);
    };
    show("stopping");
    this.#readiness.stop();
    await this.#jobs.cancel();
    this.#observed = await observePod(context.client, context.owner, key);
    await tearDown(context, key, this.#observed.containers.values());
    await removeVolumes(context, key, removals.some(({ volumes }) => volumes) ? "all" : "ephemeral");
    await removeNetwork(context, key);
    this.#mishaps.reset();
    this.#lastMishap = undefined;
    this.#observed = nothing;
    this.#removals = this.#removals.filter((removal) => !removals.includes(removal));
    show("stopped");
    for (const { done } of removals) done.resolve();
    this.#awake = this.#wanted !== undefined || this.#removals.length > 0;
  }

  /** Tells of every container that ended since it was looked at last, and says when it may start again. */
  async #noteEndings(observed: ObservedPod, busy: ReadonlySet<string>): Promise<void> {
    const ended = [...observed.containers.values()].filter(
      (each) =>
        (each.state === "exited" || each.state === "dead") &&
        !busy.has(each.name) &&
        !isNever(each.startedAt) &&
        !(each.role === "init" && isDone(each)),
    );
    await Promise.all(
      ended.map(async (each) => {
        if (!this.#mishaps.isNewEnding(each.name, each.id + each.finishedAt)) return;
        const ending = describeExit(each, await lastLogLine(this.#options.context.client, each.id));
        const forced = this.#readiness.takeVerdict(each.name);
        const text = forced ?? ending.text;
        this.#mishaps.fail(
          each.name,
          forced === undefined ? ending.event : "probe-failed",
          text,
          restartBackOff,
          Date.parse(each.finishedAt) - Date.parse(each.startedAt),
        );
        this.#lastMishap = `${each.name}: ${text}`;
        if (forced === undefined) this.#event("warning", ending.event, `${each.name}: ${text}`);
      }),
    );
  }

  /** A probe asks for a new start: the container is ended, and then it is like any other that ended. */
  #restart(container: string, reason: string): void {
    const found = this.#observed.containers.get(container);
    if (found === undefined || this.#closed || this.#wanted === undefined) return;
    this.#event("warning", "probe-failed", `${container}: ${reason}`);
    this.#jobs.launch(container, async (signal) => {
      const t = found.spec.terminationGracePeriodSeconds;
      try {
        await this.#options.context.client.call("POST", `/containers/${found.id}/stop`, { query: { t } });
      } catch (error) {
        this.#failContainer(container, error, signal);
      }
    });
  }

  #failContainer(container: string, error: unknown, signal: AbortSignal): void {
    if (signal.aborted || hasCode(error, "engine-unreachable")) return;
    const code = codeOf(error);
    const backOff = code === "image-missing" ? pullBackOff : makeBackOff;
    this.#mishaps.fail(container, code, reasonOf(error), backOff);
    this.#event("warning", code, `${container}: ${reasonOf(error)}`);
  }

  #failPod(error: unknown): void {
    if (this.#closed) return;
    const code = codeOf(error);
    const known = this.#mishaps.get();
    const mishap = this.#mishaps.fail(
      "",
      code,
      reasonOf(error),
      code === "engine-unreachable" ? { first: 500, most: 2_000, atOnce: false } : makeBackOff,
    );
    if (known?.reason !== mishap.reason) this.#event("warning", code, mishap.reason);
    this.#publish({ actions: [], settled: false });
    this.#wakeAt(mishap.nextAt);
  }

  #publish(decision: Decision): void {
    const pod = this.#wanted ?? runningPod(this.#observed);
    if (pod === undefined) return;
    const status = podStatus({
      pod,
      observed: this.#observed,
      decision,
      mishaps: this.#mishaps,
      isReady: (name) => this.#readiness.isReady(name),
      unreadyReason: (name) => this.#readiness.reason(name),
      node: this.#node,
      lastMishap: this.#lastMishap,
      now: Date.now(),
    });
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return;
    this.#status = status;
    this.#options.onStatus(status);
  }

  #event(kind: PodEvent["kind"], reason: string, message: string): void {
    this.#options.onEvent({ key: this.#options.key, kind, reason, message });
  }

  #wakeAt(time: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), Math.max(10, time - Date.now()));
  }
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : "failed";
}
