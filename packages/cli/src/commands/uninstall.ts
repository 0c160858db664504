import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { type ChangeOptions, withInstallation } from "../installing/change.ts";
import { parseTarget, withExamples } from "../options.ts";
import { print, say } from "../output/print.ts";
import { planText } from "../output/show-application.ts";

export function define(command: Command): void {
  withInstallation(command)
    .description("Removes a plug-in from a component, with its values. `outrigger disable` keeps them.")
    .action(uninstall);
  withExamples(command, "uninstall shop/web log-collector", "uninstall shop/web log-collector --dry-run");
}

async function uninstall(target: string, plugin: string, options: ChangeOptions): Promise<void> {
  const api = connectTeam(options);
  if (options.dryRun === true) {
    const plan = await api.planUninstall(parseTarget(target), plugin);
    return print(options.output, plan, () => planText(plan));
  }
  await api.uninstall(parseTarget(target), plugin);
  say(`Uninstalled ${plugin} from ${target}.`);
}
