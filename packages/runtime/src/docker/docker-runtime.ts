import type { PodKey } from "@outrigger/pod";
import type { PodRuntime, RuntimeOptions } from "../runtime.ts";
import { createDockerClient } from "./client/client.ts";
import { createOnce, type EngineContext } from "./client/context.ts";
import { followEvents } from "./client/events.ts";
import { reasonOf } from "./client/refusal.ts";
import type { EngineInfo } from "./client/types.ts";
import { podLogs } from "./logs/pod-logs.ts";
import { ComponentKeeper } from "./pod/component-keeper.ts";
import { keyOf, keyText, networkName, type ReplicaKey } from "./pod/names.ts";
import { createNetworkTeller } from "./pod/networks.ts";
import { listPods } from "./pod/observe.ts";
import { planPod } from "./pod/plan.ts";

export interface DockerRuntimeOptions extends RuntimeOptions {
  /** `unix:///path` or `tcp://LOOPBACK:PORT`; default DOCKER_HOST, then /var/run/docker.sock. */
  readonly socket?: string;
}

/**
 * Keeps pods on a stock Docker Engine (API 1.41 and newer).
 *
 * `start()` ends after the first attempt to reach the engine, whether it succeeded or not; the engine is tried again until `close()`.
 * Pods that run already are known and reported from then on; what becomes of them is said by `want` and `remove`.
 */
export function createDockerRuntime(options: DockerRuntimeOptions): PodRuntime {
  const client = createDockerClient(options.socket);
  const keepers = new Map<string, ComponentKeeper>();
  const watchers = new Map<string, Set<() => void>>();
  const closing = new AbortController();
  let following: Promise<void> | undefined;
  let node: Promise<string> | undefined;

  const nodeName = (): Promise<string> => {
    node ??= client
      .call<EngineInfo>("GET", "/info")
      .then(({ Name }) => Name)
      .catch((error: unknown) => {
        node = undefined;
        throw error;
      });
    return node;
  };
  const networks = createNetworkTeller(client, options.owner, options.onNetworks);
  const { owner, secret, credentials, filesFolder } = options;
  const context: EngineContext = { client, owner, secret, credentials, filesFolder, networks, nodeName, once: createOnce() };

  const runsApp = (key: PodKey): boolean => keepers.get(keyText(key))?.runsApp ?? false;

  const keeperOf = (key: PodKey): ComponentKeeper => {
    const found = keepers.get(keyText(key));
    if (found !== undefined) return found;
    const ranApp = { now: false };
    const keeper = new ComponentKeeper({
      context,
      key: keyOf(key),
      missing: (components) => components.filter((component) => !runsApp({ ...key, component })),
      onEvent: options.onEvent,
      onStatus: (status) => {
        options.onStatus(status);
        const runs = runsApp(key);
        if (runs && !ranApp.now) for (const other of dependents(key)) other.wake();
        ranApp.now = runs;
        if (keeper.isOver && keepers.get(keyText(key)) === keeper) keepers.delete(keyText(key));
      },
    });
    keepers.set(keyText(key), keeper);
    return keeper;
  };
  const dependents = (key: PodKey): readonly ComponentKeeper[] =>
    [...keepers.values()].filter(
      ({ wanted }) => wanted?.dependsOn.includes(key.component) === true && networkName(wanted) === networkName(key),
    );

  const notify = (key: ReplicaKey): void => {
    keepers.get(keyText(key))?.wake(key.replica);
    for (const onChange of watchers.get(keyText(key)) ?? []) onChange();
  };
  const adopt = async (): Promise<void> => {
    await networks.tell();
    for (const key of await listPods(client, options.owner)) {
      keeperOf(key).adopt(key.replica);
      notify(key);
    }
  };
  const wakeAll = (): void => {
    for (const keeper of keepers.values()) keeper.wake();
  };

  return {
    start: async () => {
      const tried = Promise.withResolvers<void>();
      const handlers = {
        owner: options.owner,
        onConnected: () => {
          wakeAll();
          adopt()
            .catch(() => {})
            .then(tried.resolve, tried.reject);
        },
        onLost: () => {
          wakeAll();
          tried.resolve();
        },
        onPod: notify,
        onNetwork: (name: string) => {
          for (const keeper of keepers.values()) if (keeper.wanted !== undefined && networkName(keeper.wanted) === name) keeper.wake();
        },
      };
      following ??= followEvents(client, handlers, closing.signal);
      await tried.promise;
    },
    close: async () => {
      closing.abort();
      await Promise.all([...keepers.values()].map((keeper) => keeper.close()));
      await following;
      client.close();
    },
    want: (pod) => keeperOf(pod).want(pod),
    plan: (pod) => planPod(context, pod, keepers.get(keyText(pod))?.wanted?.discovery ?? {}),
    remove: async (key, { volumes }) => {
      const keeper = keeperOf(key);
      await keeper.remove(volumes);
      if (keeper.isOver && keepers.get(keyText(key)) === keeper) keepers.delete(keyText(key));
    },
    known: async () => {
      const keys = (await listPods(client, options.owner)).map(keyOf);
      return [...new Map(keys.map((key) => [keyText(key), key])).values()];
    },
    statuses: (key) => keepers.get(keyText(key))?.statuses() ?? [],
    logs: (key, logOptions) =>
      podLogs(context, key, logOptions, (onChange) => {
        const set = watchers.get(keyText(key)) ?? new Set();
        watchers.set(keyText(key), set.add(onChange));
        return () => {
          set.delete(onChange);
          if (set.size === 0) watchers.delete(keyText(key));
        };
      }),
    health: async () => {
      try {
        return { ok: true, engine: `Docker Engine ${(await client.call<{ readonly Version: string }>("GET", "/version")).Version}` };
      } catch (error) {
        return { ok: false, reason: reasonOf(error) };
      }
    },
  };
}
