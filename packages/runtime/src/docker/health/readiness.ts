import type { DockerClient } from "../client/client.ts";
import type { ObservedContainer, ObservedPod } from "../pod/observe.ts";
import { probedPort, type Ways } from "../traffic/ways.ts";
import { type Prober, startProber } from "./prober.ts";

export interface ReadinessOptions {
  readonly client: DockerClient;
  readonly onChange: () => void;
  /** A probe has failed for good: the container must be started again. */
  readonly onFailed: (container: string, reason: string) => void;
}

/** Which containers of a pod are ready: keeps one prober for each run of each. */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #probers = new Map<string, { readonly container: ObservedContainer; readonly prober: Prober }>();
  #ways: Ways | undefined;
  #moving = false;
  readonly #verdicts = new Map<string, string>();

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** The ways of the pod's traffic begin to change; until the next look that sees it done. */
  move(): void {
    this.#moving = true;
  }

  /** Probes what runs now, and nothing else. @param isMoving the ways of its traffic were changing while it was looked at */
  follow({ infra, containers, ways }: ObservedPod, isMoving: boolean): void {
    this.#ways = ways ?? this.#ways;
    this.#moving = isMoving;
    for (const [name, { container, prober }] of this.#probers) {
      const now = containers.get(name);
      if (now?.state === "running" && container.id === now.id && container.startedAt === now.startedAt) continue;
      prober.stop();
      this.#probers.delete(name);
    }
    if (infra?.healthy !== true) return;
    for (const [name, container] of containers) {
      const { id, role, state, spec } = container;
      if (role === "init" || state !== "running" || this.#probers.has(name)) continue;
      const prober = startProber({
        container: spec,
        target: {
          client: this.#options.client,
          id,
          address: infra.ip,
          portOf: (port) => probedPort(this.#ways, port),
          isMoving: () => this.#moving,
        },
        onChange: this.#options.onChange,
        onFailed: (reason) => {
          this.#verdicts.set(name, reason);
          this.#options.onFailed(name, reason);
        },
      });
      this.#probers.set(name, { container, prober });
    }
  }

  isReady(container: string): boolean {
    return this.#probers.get(container)?.prober.isReady() ?? false;
  }

  /** Why a running container is not ready. */
  reason(container: string): string | undefined {
    return this.#probers.get(container)?.prober.reason();
  }

  /** The container as it runs now. */
  runOf(container: string): ObservedContainer | undefined {
    return this.#probers.get(container)?.container;
  }

  /** Why a probe had the container ended, if one had; told once. */
  takeVerdict(container: string): string | undefined {
    const verdict = this.#verdicts.get(container);
    this.#verdicts.delete(container);
    return verdict;
  }

  stop(): void {
    for (const { prober } of this.#probers.values()) prober.stop();
    this.#probers.clear();
    this.#verdicts.clear();
  }
}
