import { isDeepStrictEqual } from "node:util";
import { isOutriggerError, type PhaseName, type PlainProblem, wordsOf } from "@outrigger/plugin";
import type { ClusterContext, LogParams } from "@outrigger/sdk";
import { plainLine } from "@outrigger/sdk/process";
import { clusterErrors } from "../../errors.ts";
import type { ClusterPlugin } from "../../model/cluster-plugin.ts";
import type { CalledType } from "../plugin-type.ts";
import type { FoundType } from "./plugin-code.ts";
import type { PluginProcess } from "./plugin-process.ts";
import type { PluginRunner } from "./plugin-runner.ts";

/** Milliseconds that code may take to look at data. */
export const validatePatience: number = 30_000;

/** @param runnerOf the process of a plug-in */
export function calledType(found: FoundType, runnerOf: (plugin: ClusterPlugin) => PluginRunner): CalledType {
  const work =
    (method: "run" | "undo") =>
    async (plugin: ClusterPlugin, context: ClusterContext, phase: PhaseName): Promise<void> => {
      const log = ({ level, text }: LogParams): void => context.log[level](plainLine(text));
      const process = await runnerOf(plugin).process(log);
      try {
        if (method === "run") await refuseData(process, plugin, context);
        await process.caller.call({ method, context, phase, privileges: plugin.privileges });
      } catch (error) {
        throw failureOf(error, plugin.name, phase, process);
      }
    };
  return {
    kind: "called",
    type: found.type,
    privileges: ["kubernetes:read"],
    codeDigest: found.codeDigest,
    check: (plugin) => (found.dataProblems.get(plugin.name) ?? []).map(dataProblem),
    run: work("run"),
    ...(found.undo ? { undo: work("undo") } : {}),
  };
}

function dataProblem(text: string): PlainProblem {
  return { path: ["spec", "data"], code: "wrong-value", message: plainLine(text) };
}

/** Data that was a template when the documents were checked is looked at now that it is filled in. */
async function refuseData({ hello, caller }: PluginProcess, plugin: ClusterPlugin, { data }: ClusterContext): Promise<void> {
  if (!hello.validate || (!plugin.template && isDeepStrictEqual(data, plugin.data))) return;
  const problems = await caller.validate(data, validatePatience);
  if (problems.length > 0) throw clusterErrors["plugin-data-invalid"]({ plugin: plugin.name, reason: problems.map(plainLine).join(" ") });
}

function failureOf(error: unknown, plugin: string, phase: PhaseName, process: PluginProcess): unknown {
  const words = wordsOf(error).split("\n").map(plainLine).join("\n    ").slice(0, 8_192);
  const context = { cause: error };
  const code = isOutriggerError(error) ? error.code : undefined;
  if (code === "call-over")
    return clusterErrors["cluster-plugin-overdue"]({ plugin, phase, reason: words.replace(/^The call is over: /, "") }, context);
  if (code === "plugin-data-invalid") return error;
  if (code !== "peer-gone") return clusterErrors["cluster-plugin-failed"]({ plugin, phase, reason: words }, context);
  const reason = [`${process.ending() ?? words}.`, ...process.lastLines()].join("\n    ");
  return clusterErrors["cluster-plugin-ended"]({ plugin, phase, reason }, context);
}
