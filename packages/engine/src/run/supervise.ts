import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { wordsOf } from "@outrigger/plugin";
import { endingOf } from "@outrigger/sdk/process";
import { engineErrors } from "../errors.ts";
import type { EngineClient } from "../gateway/engine-client.ts";

/** An engine that the gateway started and keeps running. */
export interface SupervisedEngine {
  /** Ends it as its own service would: it has as long as it needs. */
  readonly stop: () => Promise<void>;
}

const firstPause = 1_000;
const longestPause = 30_000;
/** After so many milliseconds without a failure pauses begin short again. */
const forgiven = 60_000;
const patience = 60_000;

/**
 * Starts an engine and waits until it answers; starts it again when it ends.
 *
 * @throws engine-start-failed where it does not answer within a minute, or ends before
 */
export async function superviseEngine(
  command: readonly [string, ...string[]],
  engine: EngineClient,
  log: (message: string) => void,
): Promise<SupervisedEngine> {
  const stopping = new AbortController();
  let child = start(command);
  const keep = async (): Promise<void> => {
    for (let pause = firstPause; ; pause = Math.min(longestPause, pause * 2)) {
      const since = Date.now();
      const ending = await endOf(child);
      if (stopping.signal.aborted) return;
      if (Date.now() - since > forgiven) pause = firstPause;
      log(`The engine does not run: ${ending}; it is started again in ${pause / 1000} s.`);
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      child = start(command);
    }
  };
  await answers(engine, child, command[0]);
  const kept = keep();
  return {
    stop: async () => {
      stopping.abort();
      child.kill("SIGTERM");
      await Promise.all([endOf(child), kept]);
    },
  };
}

function start([program, ...args]: readonly [string, ...string[]]): ChildProcess {
  return spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
}

async function endOf(child: ChildProcess): Promise<string> {
  if (child.exitCode !== null || child.signalCode !== null) return endingOf(child.exitCode, child.signalCode);
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return endingOf(code, signal);
  } catch (error) {
    return wordsOf(error);
  }
}

async function answers(engine: EngineClient, child: ChildProcess, program: string): Promise<void> {
  let ending: string | undefined;
  void endOf(child).then((reason) => {
    ending = reason;
  });
  const until = Date.now() + patience;
  while (ending === undefined && Date.now() < until) {
    const version = await engine.ask({ path: "/version" }).catch(() => undefined);
    if (version !== undefined) return;
    await sleep(100);
  }
  child.kill("SIGTERM");
  throw engineErrors["engine-start-failed"]({ program, reason: ending ?? `it does not answer after ${patience / 1000} s` });
}
