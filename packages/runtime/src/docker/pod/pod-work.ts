import { type Pod, replicaName } from "@outrigger/pod";
import { makeBackOff, pullBackOff, restartBackOff } from "../../back-off.ts";
import type { PodEvent } from "../../runtime.ts";
import type { EngineContext } from "../client/context.ts";
import { codeOf, hasCode, reasonOf } from "../client/refusal.ts";
import { forgetContainer, forgetPod } from "../files/kept-state.ts";
import { settleFiles } from "../files/settle-files.ts";
import { Readiness } from "../health/readiness.ts";
import { layWays } from "../traffic/lay-ways.ts";
import { probedPort, type Ways } from "../traffic/ways.ts";
import type { Action } from "./decide.ts";
import { filesJob, isDone, layingJob } from "./decide.ts";
import { describeExit, lastLogLine } from "./exits.ts";
import { factsOf } from "./facts.ts";
import { Jobs } from "./jobs.ts";
import { Mishaps } from "./mishaps.ts";
import { infraName, keyOf, type ReplicaKey } from "./names.ts";
import { removeNetwork } from "./networks.ts";
import { noPod, type ObservedContainer, type ObservedPod } from "./observe.ts";
import { createContainer, createInfra, discard, type MakeOptions, startInfra, tearDown } from "./pod-actions.ts";
import { isNever } from "./status.ts";
import { removeVolumes } from "./volumes.ts";

export interface WorkOptions {
  readonly context: EngineContext;
  readonly key: ReplicaKey;
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
    const { infra } = observed;
    if (infra === undefined) return;
    const address = async (): Promise<string> => infra.ip;
    switch (action.kind) {
      case "make":
        return this.#make(wanted, action.container, { infra, address });
      case "start":
        return this.#launch(action.container.name, () => this.#start(action.container));
      case "discard":
        return this.#launch(action.container.name, () => this.#discard(action.container, wanted));
      case "lay":
        this.readiness.move();
        return this.#launch(layingJob, () => this.#lay(infra.id, action.ways));
      case "settle":
        return this.#settle(action.container, wanted, observed);
    }
  }

  /** Removes all of the pod; with `volumes` its named volumes too. */
  async remove(observed: ObservedPod, volumes: boolean): Promise<void> {
    const { context, key } = this.#options;
    await this.#end(observed);
    await Promise.all([
      removeVolumes(context, key, volumes ? "all" : "ephemeral"),
      removeNetwork(context, key),
      forgetPod(context.filesFolder, key),
    ]);
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
    const { key } = this.#options;
    const which = key.replica === 0 ? "" : `${replicaName(key, key.replica)}: `;
    this.#options.onEvent({ key: keyOf(key), kind, reason, message: which + message });
  }

  /** @param failsAs under what name a failure is counted */
  #launch(container: string, work: (signal: AbortSignal) => Promise<void>, failsAs: string = container): void {
    this.jobs.launch(container, async (signal) => {
      try {
        await work(signal);
      } catch (error) {
        // An engine that is away fails the next look too, and that is where it is told.
        if (signal.aborted || hasCode(error, "engine-unreachable")) return;
        const code = codeOf(error);
        this.#fail(failsAs, code, reasonOf(error), container === layingJob ? reasonOf(error) : `${container}: ${reasonOf(error)}`);
      }
    });
  }

  /** What fails again for the same reason is told once. */
  #fail(name: string, code: string, reason: string, message: string): void {
    const isNews = !name.startsWith(".") || this.mishaps.get(name)?.reason !== reason;
    this.mishaps.fail(name, code, reason, code === "image-missing" ? pullBackOff : makeBackOff);
    if (isNews) this.tell("warning", code, message);
  }

  #make(pod: Pod, container: Pod["containers"][number], options: Pick<MakeOptions, "infra" | "address">): void {
    this.#launch(container.name, async (signal) => {
      await createContainer(this.#options.context, pod, container, { ...options, key: this.#options.key, signal });
      this.mishaps.clear(container.name);
      this.mishaps.clear(filesJob(container.name));
    });
  }

  async #discard(container: ObservedContainer, wanted: Pod): Promise<void> {
    const { context, key } = this.#options;
    await discard(context, container);
    if (wanted.containers.every(({ name }) => name !== container.name)) await forgetContainer(context.filesFolder, key, container.name);
    this.mishaps.clear(container.name);
  }

  async #lay(infra: string, ways: Ways): Promise<void> {
    await layWays(this.#options.context, this.#options.key, infra, ways);
    this.mishaps.clear(layingJob);
  }

  /** While its files are changed, nothing else is done to the container. */
  #settle(container: ObservedContainer, wanted: Pod, { infra, ways }: ObservedPod): void {
    const { context, key } = this.#options;
    const { name } = container;
    const work = async (): Promise<void> => {
      const { refused, untold } = await settleFiles({
        context,
        key,
        container,
        discovery: wanted.discovery[name],
        facts: factsOf(key, await context.nodeName(), infra?.gateway ?? ""),
        address: async () => infra?.ip ?? "",
        portOf: (port) => probedPort(ways, port),
      });
      if (refused !== undefined) this.tell("warning", "settings-refused", `${name}: ${refused}`);
      if (untold === undefined) this.mishaps.clear(filesJob(name));
      else this.#fail(filesJob(name), "reload-failed", untold, `${name}: ${untold}`);
    };
    this.#launch(name, work, filesJob(name));
  }

  /** The other containers are made while the infra container starts. */
  async #makePod(pod: Pod): Promise<void> {
    const { context, key } = this.#options;
    const infra = await createInfra(context, key, pod);
    const started = startInfra(context, pod, infra.id);
    for (const container of pod.containers) this.#make(pod, container, { infra, address: () => started });
    try {
      await started;
    } catch (error) {
      await this.#clear(noPod);
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
