import type { EnginePluginHost, InstalledPlugin } from "@outrigger/engine";
import { formatProblem, type HostPlan, isOutriggerError } from "@outrigger/plugin";
import type { Command } from "commander";
import { cliErrors } from "../errors.ts";
import { say } from "../output/print.ts";
import { type EngineFolders, engineFolders, withEngineFolders } from "./engine-options.ts";

export interface VerbOptions extends EngineFolders {
  readonly dryRun?: true;
}

export type { EnginePluginHost, InstalledPlugin };

/** Adds what every verb takes. */
export function withVerb(command: Command): Command {
  return withEngineFolders(command).option("--dry-run", "say what would change, and change nothing");
}

/**
 * Carries out a verb, has a running gateway take it up, and says what came of it.
 * @param source where an install or upgrade finds the plug-in's files
 */
export async function changePlugins(
  options: VerbOptions,
  verb: (host: EnginePluginHost, dryRun: boolean) => Promise<HostPlan>,
  source?: string,
): Promise<void> {
  const { createEnginePluginHost } = await import("@outrigger/engine");
  const { plugins, state, control } = await engineFolders(options);
  const host = createEnginePluginHost({ folder: plugins, state, ...(source === undefined ? {} : { locate: async () => source }) });
  const plan = await verb(host, options.dryRun === true);
  for (const { reason } of plan.changes) say(reason);
  if (options.dryRun === true || plan.changes.every(({ kind }) => kind === "none")) return;
  await reload(control);
}

async function reload(control: string): Promise<void> {
  const { controlClient } = await import("@outrigger/engine");
  try {
    const { ok, message = "", problems = [] } = await controlClient(control).reload();
    if (ok) return say("The gateway runs it.");
    const reason = [message, ...problems.map((problem) => formatProblem(problem))].join("\n");
    throw cliErrors["engine-plugins-stayed"]({ reason });
  } catch (error) {
    if (!isOutriggerError(error) || error.code !== "control-unreachable") throw error;
    say("No gateway runs; it counts from its next start.");
  }
}
