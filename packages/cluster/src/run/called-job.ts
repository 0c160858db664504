import { setTimeout as sleep } from "node:timers/promises";
import type { PhaseName } from "@outrigger/plugin";
import type { ClusterPlugin } from "../model/cluster-plugin.ts";
import type { CalledType } from "../plugins/plugin-type.ts";
import { pluginContext } from "./plugin-context.ts";
import type { Run } from "./run-parts.ts";
import type { AttemptResult, Job } from "./run-task.ts";

/** So long a plug-in that is told to end may take for it, in milliseconds, before it is left alone: its own process is ended by then. */
const grace = 7_000;

export interface Call {
  readonly plugin: ClusterPlugin;
  readonly type: CalledType;
  readonly phase: PhaseName;
  /** By ip. */
  readonly hosts: readonly string[];
  readonly verb: "run" | "undo";
}

/** A plug-in that is called on this machine. */
export function calledJob(run: Run, call: Call, task: { readonly id: string; readonly digest: string }): Job {
  const { plugin, type, phase, verb } = call;
  const work: Job["work"] = async ({ log, signal }) => {
    const late = AbortSignal.timeout(plugin.timeout * 1000);
    const both = AbortSignal.any([signal, late]);
    const context = await pluginContext(run, call, { log, signal: both, deadline: Date.now() + plugin.timeout * 1000 });
    const method = verb === "run" ? type.run : type.undo;
    await Promise.race([Promise.resolve(method?.(plugin, context, phase)), tooLate(both)]);
    return late.aborted ? lateResult(plugin) : { kind: "done" };
  };
  const orLate: Job["work"] = (attempt) => {
    const begun = Date.now();
    return work(attempt).catch((error: unknown) => {
      if (!attempt.signal.aborted && Date.now() - begun >= plugin.timeout * 1000) return lateResult(plugin);
      throw error;
    });
  };
  return {
    task: task.id,
    host: "-",
    digest: task.digest,
    name: plugin.name,
    retries: plugin.retries,
    retryDelay: plugin.retryDelay,
    durable: false,
    always: false,
    work: orLate,
  };
}

function lateResult({ timeout }: ClusterPlugin): AttemptResult {
  return { kind: "failed", reason: `it was not through after ${timeout} s` };
}

/** Gives up on a plug-in that does not end though it is told to. */
async function tooLate(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
  await sleep(grace, undefined, { ref: false });
}
