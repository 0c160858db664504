import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { hookPoints } from "@outrigger/plugin";
import type { CollectResults, Helper } from "@outrigger/sdk";
import { cleanEnvironment, confined, endingOf, killGroup } from "@outrigger/sdk/process";
import { engineErrors } from "../errors.ts";
import type { Collected } from "../hooks/dispatcher.ts";
import { logLine } from "../log-file.ts";
import type { EnginePluginSource } from "./plugin-source.ts";

/** The helper processes that plug-ins asked for, kept running. */
export interface Helpers {
  readonly close: () => Promise<void>;
}

/**
 * Starts what plug-ins answered at `daemon.preStart`, each as its plug-in's user, and starts anew what ends.
 * Resolves when those with `ready` are ready; the kernel ends them with the gateway.
 * @throws plugin-failed when one is not ready in time; then none runs
 */
export async function startHelpers(
  collected: readonly Collected<CollectResults["daemon.preStart"]>[],
  source: Pick<EnginePluginSource, "logOf" | "userOf">,
  patience: number = hookPoints["daemon.preStart"].timeout,
): Promise<Helpers> {
  const stopping = new AbortController();
  const running = collected.flatMap(({ plugin, result }) =>
    (result.helpers ?? []).map((helper) => ({
      plugin,
      helper,
      done: keepHelper(helper, source.userOf(plugin), source.logOf(plugin).write, stopping.signal),
    })),
  );
  const close = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(running.map(({ done }) => done));
  };
  try {
    const until = Date.now() + patience;
    for (const { plugin, helper } of running) {
      while (helper.ready !== undefined && !existsSync(helper.ready)) {
        const reason = `its helper ${helper.name} has not made ${helper.ready} within ${patience} ms`;
        if (Date.now() > until) throw engineErrors["plugin-failed"]({ plugin, hook: "daemon.preStart", reason });
        await sleep(50);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

async function keepHelper(helper: Helper, user: number | undefined, log: (text: string) => void, signal: AbortSignal): Promise<void> {
  for (let pause = 200; !signal.aborted; pause = Math.min(pause * 2, 30_000)) {
    const since = Date.now();
    const ending = await runOnce(helper, user, log, signal);
    if (signal.aborted) return;
    if (Date.now() - since > 60_000) pause = 200;
    log(logLine(`The helper ${helper.name} does not run: ${ending}.`, { level: "error" }));
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

async function runOnce(
  { command, env }: Helper,
  user: number | undefined,
  log: (text: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const [first, ...rest] = confined(command, user);
  const child = spawn(first, rest, {
    cwd: "/",
    env: { ...cleanEnvironment("/"), ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", log);
  child.once("error", (error) => resolve(`it can't be started: ${error.message}`));
  child.once("exit", (code, by) => resolve(endingOf(code, by)));
  let late: NodeJS.Timeout | undefined;
  const stop = (): void => {
    const { pid } = child;
    if (pid === undefined) return;
    killGroup(pid, "SIGTERM");
    late = setTimeout(() => killGroup(pid, "SIGKILL"), 3_000);
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const ending = await promise;
  clearTimeout(late);
  signal.removeEventListener("abort", stop);
  if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
  return ending;
}
