import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { cliErrors } from "../errors.ts";
import { type ChangeOptions, changeInstallation, withInstallation } from "../installing/change.ts";
import { parseTarget, withExamples } from "../options.ts";

export function define(command: Command): void {
  withInstallation(command)
    .description("Sets an installation back to the version that ran before its own. `outrigger upgrade` sets any version.")
    .action(rollback);
  withExamples(command, "rollback shop/web log-collector", "rollback shop/web log-collector --dry-run");
}

async function rollback(target: string, plugin: string, options: ChangeOptions): Promise<void> {
  const api = connectTeam(options);
  const installation = await api.installation(parseTarget(target), plugin);
  const { version, previousVersion } = installation;
  if (previousVersion === undefined) throw cliErrors["no-version-before"]({ plugin, version, target });
  await changeInstallation(target, plugin, { version: previousVersion }, options, "Set the version back:");
}
