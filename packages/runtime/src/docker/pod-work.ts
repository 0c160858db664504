import type { Pod, PodKey } from "@outrigger/pod";
import { makeBackOff, pullBackOff, restartBackOff } from "../back-off.ts";
import type { PodEvent } from "../runtime.ts";
import type { EngineContext } from "./context.ts";
import type { Action } from "./decide.ts";
import { isDone } from "./decide.ts";
import { describeExit, lastLogLine } from "./exits.ts";
import { Jobs } from "./jobs.ts";
import { Mishaps } from "./mishaps.ts";
import { infraName } from "./names.ts";
import { removeNetwork, removeVolumes } from "./networks-volumes.ts";
import type { ObservedContainer, ObservedPod } from "./observe.ts";
import { createContainer, createInfra, discard, type MakeOptions, startInfra, tearDown } from "./pod-actions.ts";
import { Readiness } from "./readiness.ts";
import { codeOf, hasCode, reasonOf } from "./refusal.ts";
import { isNever } from "./status.ts";

export interface WorkOptions {
  readonly context: EngineContext;
  readonly key: PodKey;
  readonly onEvent: (event: PodEvent) => void;
  /** Work has ended, or a probe has changed its mind. */
  readonly onChange: () => void;
}

/** Does to one pod what was decided, and remembers what went wrong. */
export class PodWork {
  readonly mishaps: Mishaps = new Mishaps();
  readonly readiness: Readiness;
  readonly jobs: Jobs;
  /** The last mishap, also when it has been mended. */
  lastMishap: string | undefined;
  readonly #options: WorkOptions;

  constructor(options: WorkOptions) {
    this.#options = options;
    this.jobs = new Jobs(options.onChange);
    this.readiness = new Readiness({
      client: options.context.client,
      onChange: options.onChange,
      onFailed: (container, reason) => this.#stop(container, reason),
    });
  }

  /** What concerns the whole pod is waited for; what concerns one container goes on beside. */
  async act(action: Action, wanted: Pod, observed: ObservedPod): Promise<void> {
    if (action.kind === "tear-down") return this.#makeAnew(observed, action.reason, action.mishap);
    if (action.kind === "make-pod") return this.#makePod(wanted);
    if (action.kind === "start") return this.#launch(action.container.name, () => this.#start(action.container));
    if (action.kind === "make") {
      const { id = "", ip = "" } = observed.infra ?? {};
      return this.#make(wanted, action.container, { infra: id, address: async () => ip });
    }
    const { container } = action;
    this.#launch(container.name, async () => {
      await discard(this.#options.context, container);
      this.mishaps.clear(container.name);
    });
  }

  /** Removes all of the pod; with `volumes` its named volumes too. */
  async remove(observed: ObservedPod, volumes: boolean): Promise<void> {
    const { context, key } = this.#options;
    await this.#end(observed);
    await Promise.all([removeVolumes(context, key, volumes ? "all" : "ephemeral"), removeNetwork(context, key)]);
    this.mishaps.reset();
    this.lastMishap = undefined;
  }

  /** Tells of every container that ended since it was looked at last, and says when it may start again. */
  async noteEndings({ containers }: ObservedPod, busy: ReadonlySet<string>): Promise<void> {
    const ended = [...containers.values()].filter(
      (each) =>
        ["exited", "dead"].includes(each.state) &&
        !busy.has(each.name) &&
        !isNever(each.startedAt) &&
        !(each.role === "init" && isDone(each)),
    );
    await Promise.all(ended.map((each) => this.#noteEnding(each)));
  }

  async #noteEnding(container: ObservedContainer): Promise<void> {
    const { id, name, startedAt, finishedAt } = container;
    if (!this.mishaps.isNewEnding(name, id + finishedAt)) return;
    const ending = describeExit(container, await lastLogLine(this.#options.context.client, id));
    const verdict = this.readiness.takeVerdict(name);
    const text = verdict ?? ending.text;
    const ranFor = Date.parse(finishedAt) - Date.parse(startedAt);
    this.mishaps.fail(name, verdict === undefined ? ending.event : "probe-failed", text, restartBackOff, ranFor);
    this.lastMishap = `${name}: ${text}`;
    if (verdict === undefined) this.tell("warning", ending.event, `${name}: ${text}`);
  }

  tell(kind: PodEvent["kind"], reason: string, message: string): void {
    this.#options.onEvent({ key: this.#options.key, kind, reason, message });
  }

  #launch(container: string, work: (signal: AbortSignal) => Promise<void>): void {
    this.jobs.launch(container, async (signal) => {
      try {
        await work(signal);
      } catch (error) {
        // An engine that is away fails the next look too, and that is where it is told.
        if (signal.aborted || hasCode(error, "engine-unreachable")) return;
        const code = codeOf(error);
        this.mishaps.fail(container, code, reasonOf(error), code === "image-missing" ? pullBackOff : makeBackOff);
        this.tell("warning", code, `${container}: ${reasonOf(error)}`);
      }
    });
  }

  #make(pod: Pod, container: Pod["containers"][number], infra: Omit<MakeOptions, "signal">): void {
    this.#launch(container.name, async (signal) => {
      await createContainer(this.#options.context, pod, container, { ...infra, signal });
      this.mishaps.clear(container.name);
    });
  }

  /** The other containers are made while the infra container starts. */
  async #makePod(pod: Pod): Promise<void> {
    const { context, key } = this.#options;
    const infra = await createInfra(context, pod);
    const started = startInfra(context, pod, infra);
    for (const container of pod.containers) this.#make(pod, container, { infra, address: () => started });
    try {
      await started;
    } catch (error) {
      await this.#clear({ containers: new Map() });
      await removeNetwork(context, key);
      throw error;
    }
  }

  async #start({ id, name, startedAt }: ObservedContainer): Promise<void> {
    const again = !isNever(startedAt);
    await this.#options.context.client.call("POST", `/containers/${id}/start`);
    if (!again) return this.tell("normal", "started", `${name} was started`);
    const after = this.mishaps.get(name)?.reason;
    this.mishaps.countRestart(name);
    this.tell("normal", "restarted", `${name} was started again${after === undefined ? "" : ` after: ${after}`}`);
  }

  /** A probe asks for a new start: the container is ended, and is then like any other that ended. */
  #stop(container: string, reason: string): void {
    this.tell("warning", "probe-failed", `${container}: ${reason}`);
    const run = this.readiness.runOf(container);
    if (run === undefined) return;
    this.#launch(container, async () => {
      const query = { t: run.spec.terminationGracePeriodSeconds };
      await this.#options.context.client.call("POST", `/containers/${run.id}/stop`, { query });
    });
  }

  async #makeAnew(observed: ObservedPod, reason: string, mishap: boolean): Promise<void> {
    await this.#clear(observed);
    if (mishap) {
      this.lastMishap = `made anew: ${reason}`;
      this.mishaps.failNetwork(reason);
    }
    this.tell(mishap ? "warning" : "normal", "recreated", `${infraName(this.#options.key)} is made anew: ${reason}`);
  }

  async #clear(observed: ObservedPod): Promise<void> {
    await this.#end(observed);
    await removeVolumes(this.#options.context, this.#options.key, "ephemeral");
    this.mishaps.reset();
  }

  /** Ends and removes every container of the pod. */
  async #end({ containers }: ObservedPod): Promise<void> {
    this.readiness.stop();
    await this.jobs.cancel();
    await tearDown(this.#options.context, this.#options.key, containers.values());
  }
}
