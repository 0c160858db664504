import type { InstallationPatch } from "@outrigger/server";
import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { type OutputOptions, parseTarget, type TeamOptions, withOutput, withTeam } from "../options.ts";
import { print } from "../output/print.ts";
import { planText } from "../output/show-application.ts";

export interface ChangeOptions extends TeamOptions, OutputOptions {
  readonly dryRun?: true;
}

/** Adds the arguments and options of a command that changes one installation. */
export function withInstallation(command: Command): Command {
  return withOutput(withTeam(command))
    .argument("<target>", "APPLICATION/COMPONENT")
    .argument("<plugin>", "name of the plug-in")
    .option("--dry-run", "say what would change, and change nothing");
}

/** Changes an installation, or says what the change would do; prints which. */
export async function changeInstallation(
  target: string,
  plugin: string,
  patch: InstallationPatch,
  options: ChangeOptions,
  done: string,
): Promise<void> {
  const api = connectTeam(options);
  if (options.dryRun === true) {
    const plan = await api.planChange(parseTarget(target), plugin, patch);
    return print(options.output, plan, () => planText(plan));
  }
  const installation = await api.change(parseTarget(target), plugin, patch);
  await print(options.output, installation, () => `${done} ${installation.plugin}@${installation.version} on ${target}.`);
}
