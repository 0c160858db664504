import { setTimeout as sleep } from "node:timers/promises";
import type { Pod, PodKey } from "@outrigger/pod";
import { diff } from "@outrigger/pod";
import type { BuildRequest, ImageBuilder, LogLine, PodRuntime, PodStatus, PullRequest, RuntimeOptions } from "@outrigger/runtime";

/** Stands in for an engine, so that a test can make it fail; remembers what it was asked. */
export interface FakeEngine {
  readonly pods: Map<string, Pod>;
  readonly removed: { readonly key: string; readonly volumes: boolean }[];
  readonly pulls: PullRequest[];
  /** Names taken from images. */
  readonly forgotten: string[];
  readonly builds: { readonly request: BuildRequest; readonly bytes: number }[];
  /** What the next builds and pulls do instead of ending well. */
  failure: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Milliseconds that a removal takes, and whether it fails. */
  removal: { ms: number; failing: boolean };
  options: RuntimeOptions | undefined;
  readonly tell: (key: PodKey, state: PodStatus["state"], more?: Partial<PodStatus>) => void;
  readonly runtime: (options: RuntimeOptions) => PodRuntime;
  readonly images: ImageBuilder;
}

export function keyText(key: PodKey): string {
  return `${key.team}/${key.application}/${key.component}`;
}

export function fakeEngine(): FakeEngine {
  const statuses = new Map<string, PodStatus>();
  const engine: FakeEngine = {
    pods: new Map(),
    removed: [],
    pulls: [],
    forgotten: [],
    builds: [],
    failure: undefined,
    removal: { ms: 0, failing: false },
    options: undefined,
    tell: (key, state, more = {}) => {
      const name = `${key.application}-${key.component}`;
      const status: PodStatus = { key, replica: 0, name, state, containers: [], upToDate: true, ...more };
      statuses.set(keyText(key), status);
      engine.options?.onStatus(status);
    },
    runtime: (options) => {
      engine.options = options;
      return {
        start: async () => {},
        close: async () => {},
        want: (pod) => void engine.pods.set(keyText(pod), pod),
        plan: async (pod) => diff(engine.pods.get(keyText(pod)), pod),
        remove: async (key, { volumes }) => {
          if (engine.removal.ms > 0) await sleep(engine.removal.ms);
          if (engine.removal.failing) throw new TypeError("the engine is down");
          engine.pods.delete(keyText(key));
          engine.removed.push({ key: keyText(key), volumes });
        },
        known: async () => [...engine.pods.values()].map(({ team, application, component }) => ({ team, application, component })),
        statuses: (key) => [statuses.get(keyText(key)) ?? []].flat(),
        logs: async function* (key, { containers }): AsyncGenerator<LogLine> {
          for (const container of containers ?? [key.component]) {
            yield { replica: 0, container, stream: "stdout", time: "2026-01-01T00:00:00.000000000Z", text: `a line of ${container}` };
          }
        },
        health: async () => ({ ok: true, engine: "fake 1" }),
      };
    },
    images: {
      pull: async (request) => {
        engine.pulls.push(request);
        request.onProgress({ line: `pulling ${request.image}`, bytes: { what: "layer", done: 1, total: 2 } });
        await engine.failure?.(request.signal);
        return { image: `sha256:${"1".repeat(64)}`, digest: `sha256:${"2".repeat(64)}` };
      },
      build: async (request) => {
        let bytes = 0;
        for await (const chunk of request.context) bytes += chunk.length;
        engine.builds.push({ request, bytes });
        request.onProgress({ line: "Step 1/1 : FROM scratch" });
        await engine.failure?.(request.signal);
        request.onProgress({ line: "done" });
        return { image: `sha256:${"3".repeat(64)}` };
      },
      forget: async (names) => {
        engine.forgotten.push(...names);
      },
    },
  };
  return engine;
}
