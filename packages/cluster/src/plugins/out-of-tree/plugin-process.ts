import { setTimeout as sleep } from "node:timers/promises";
import { wordsOf } from "@outrigger/plugin";
import type { HelloResult, LogParams } from "@outrigger/sdk";
import { createPluginCaller, killGroup, type PluginCaller, watchMemory } from "@outrigger/sdk/process";
import { clusterErrors } from "../../errors.ts";
import { endingBehindShell } from "./isolation.ts";
import { type ProgramLaunch, type ProgramPlaces, startProgram } from "./start-program.ts";
import { tailOfLines } from "./tail-of-lines.ts";

/** A plug-in's process that speaks the protocol. */
export interface PluginProcess {
  readonly caller: PluginCaller;
  readonly hello: HelloResult;
  /** Why it does not run any more; undefined while it does. */
  readonly ending: () => string | undefined;
  /** Its last lines, for messages about its end. */
  readonly lastLines: () => readonly string[];
  /** Asks it to end, and ends it after 3 s. */
  readonly stop: () => Promise<void>;
}

/** Milliseconds that a process may take to say who it is. */
const patience = 30_000;
/** Bytes that wait for a plug-in that does not read. */
const unreadLimit = 64 * 1024 * 1024;

/** @param log its log outside of calls @throws cluster-plugin-unstartable with its last lines, confinement-impossible, plugin-folder-large */
export async function startPluginProcess(
  launch: ProgramLaunch,
  places: ProgramPlaces,
  log: (params: LogParams) => void,
): Promise<PluginProcess> {
  const child = await startProgram(launch, places);
  const lines = tailOfLines((text) => {
    if (!closed) caller.printed(text);
  });
  const gone = Promise.withResolvers<void>();
  let ending: string | undefined;
  let closed = false;
  const kill = (signal: NodeJS.Signals = "SIGKILL"): void => {
    if (child.pid !== undefined) killGroup(child.pid, signal);
  };
  const finish = (reason: string): void => {
    ending ??= reason;
    if (closed) return;
    lines.flush();
    closed = true;
    caller.close(ending);
    unwatch();
    kill();
    gone.resolve();
  };
  /** The process has to go; what waits for it is told once it has. */
  const failed = (reason: string): void => {
    ending ??= reason;
    kill();
  };
  const caller = createPluginCaller({
    send: (line) => {
      child.stdin.write(line);
      if (child.stdin.writableLength > unreadLimit) failed(`it does not read: ${unreadLimit} bytes wait for it`);
    },
    failed,
    busy: (busy) => void (busy ? child.stdout.pause() : child.stdout.resume()),
    log,
  });
  const { pid } = child;
  const limit = Math.round(launch.memory / 1024 / 1024);
  const unwatch =
    pid === undefined
      ? () => {}
      : watchMemory(pid, launch.memory, (used) =>
          failed(`it used ${Math.round(used / 1024 / 1024)} MiB of memory, more than its ${limit} MiB`),
        );
  child.stdin.on("error", () => {}); // it has ended, which is told elsewhere
  child.stdout.on("data", caller.receive);
  child.stdout.once("end", () => void sleep(1_000, undefined, { ref: false }).then(() => failed("it closed its standard output")));
  child.stderr.on("data", lines.push);
  child.once("error", (error) => finish(`it can't be started: ${wordsOf(error)}`));
  child.once("exit", (code, signal) => {
    ending ??= endingBehindShell(code, signal);
    kill(); // what it started itself, which could hold its streams open
    void sleep(1_000, undefined, { ref: false }).then(() => finish(endingBehindShell(code, signal)));
  });
  child.once("close", (code, signal) => finish(endingBehindShell(code, signal)));

  const stop = async (): Promise<void> => {
    child.stdin.end();
    const late = new AbortController();
    await Promise.race([gone.promise, sleep(3_000, undefined, { signal: late.signal }).catch(() => {})]);
    late.abort();
    kill();
    await gone.promise;
  };
  try {
    const hello = await caller.hello(patience);
    return { caller, hello, ending: () => ending, lastLines: lines.last, stop };
  } catch (error) {
    await stop();
    const reason = [wordsOf(error), ...lines.last()].join("\n    ");
    throw clusterErrors["cluster-plugin-unstartable"]({ plugin: launch.name, path: launch.code.path, reason }, { cause: error });
  }
}
