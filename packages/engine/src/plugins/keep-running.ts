import { setTimeout as sleep } from "node:timers/promises";
import { delayAfter, type HookId, type InstallationState } from "@outrigger/plugin";
import { type PluginDescription, type Settings, sameValue } from "@outrigger/sdk";
import { fault } from "../hooks/answers.ts";
import { reasonOf } from "../hooks/failures.ts";
import type { Callee, InlineHandler } from "../hooks/member.ts";
import type { Instance, Launch, Launcher } from "./instance.ts";

/** How a plug-in's code fares. */
export interface RunningStatus {
  readonly state: Exclude<InstallationState, "installed" | "disabled">;
  readonly reason?: string;
  /** In a row. */
  readonly failures: number;
  readonly pid?: number;
}

/** A plug-in's code that is kept running: what ends is started anew, with pauses that grow. */
export interface RunningPlugin extends Callee {
  /** What it says of itself, the first time. Rejects when the first start fails; it goes on trying all the same until it is stopped. */
  readonly described: Promise<PluginDescription>;
  /** The same, once it is known. */
  readonly description: () => PluginDescription | undefined;
  readonly status: () => RunningStatus;
  readonly configure: (settings: Settings) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface KeepOptions {
  /** Milliseconds before the first new start; doubled each time. */
  readonly pause?: number;
  readonly longestPause?: number;
  /** After so many milliseconds without a failure the count begins anew. */
  readonly forgiven?: number;
  /** Told when its state has changed. */
  readonly changed?: () => void;
}

export function keepRunning(
  launcher: Launcher,
  launch: Launch,
  { pause = 200, longestPause = 30_000, forgiven = 60_000, changed }: KeepOptions = {},
): RunningPlugin {
  const stopping = new AbortController();
  const { promise: described, resolve: describe, reject: undescribed } = Promise.withResolvers<PluginDescription>();
  described.catch(() => {}); // who cares awaits it
  let instance: Instance | undefined;
  let settings = launch.settings;
  let failures = 0;
  let reason: string | undefined;
  let first: PluginDescription | undefined;

  const once = async (): Promise<string> => {
    try {
      const started = await launcher({ ...launch, settings }, stopping.signal);
      if (first !== undefined && !sameValue(first, started.description)) {
        await started.stop();
        return "it says something else of itself than when it was first started";
      }
      if (stopping.signal.aborted) {
        await started.stop();
        return "it was stopped";
      }
      const since = Date.now();
      [instance, first, reason] = [started, started.description, undefined];
      describe(started.description);
      changed?.();
      const ending = await started.ended;
      if (Date.now() - since > forgiven) failures = 0;
      return ending;
    } catch (error) {
      undescribed(error);
      return reasonOf(error);
    } finally {
      instance = undefined;
    }
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const ending = await once();
      if (stopping.signal.aborted) return;
      [reason, failures] = [ending, failures + 1];
      changed?.();
      launch.log(
        `${JSON.stringify({ time: new Date().toISOString(), level: "error", message: `The plug-in does not run: ${ending}.` })}\n`,
      );
      await sleep(delayAfter(failures, { first: pause, most: longestPause, atOnce: false }), undefined, { signal: stopping.signal }).catch(
        () => {},
      );
    }
  };
  const done = loop();
  const living = (): Instance => {
    if (instance !== undefined) return instance;
    throw fault(`it does not run${reason === undefined ? "" : `: ${reason}`}`);
  };
  let asking = false;
  return {
    described,
    description: () => first,
    shares: launch.isolation === "inline",
    status: () => ({
      state: instance !== undefined ? "healthy" : reason === undefined ? "starting" : "failing",
      ...(reason === undefined ? {} : { reason }),
      failures,
      ...(instance?.pid === undefined ? {} : { pid: instance.pid }),
    }),
    call: (hook, call) => living().call(hook, call),
    ...(launch.isolation === "inline" ? { handler: (hook: HookId) => livingHandler(hook, living) } : {}),
    route: async (index, side, call) => living().route(index, side, call),
    suspect: () => {
      const suspected = instance;
      if (asking || suspected === undefined) return;
      asking = true;
      void suspected
        .alive()
        .then((alive) => (alive ? undefined : suspected.stop()))
        .finally(() => {
          asking = false;
        });
    },
    configure: async (wanted) => {
      await instance?.configure(wanted);
      settings = wanted;
    },
    stop: async () => {
      stopping.abort();
      undescribed(fault("it was stopped"));
      await instance?.stop();
      await done;
    },
  };
}

/** The handler of the instance that runs now; looked up once for each instance. */
function livingHandler(hook: HookId, living: () => Instance): InlineHandler {
  let owner: Instance | undefined;
  let handler: InlineHandler | undefined;
  return (input, call) => {
    const instance = living();
    if (instance !== owner) [owner, handler] = [instance, instance.handler?.(hook)];
    if (handler === undefined) throw fault("it does not run in the gateway");
    return handler(input, call);
  };
}
