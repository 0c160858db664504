import type { Command } from "commander";
import { type ChangeOptions, changeInstallation, withInstallation } from "../installing/change.ts";
import { withExamples } from "../options.ts";

export function define(command: Command): void {
  withInstallation(command)
    .description("Switches an installation on, with the settings it had.")
    .action((target: string, plugin: string, options: ChangeOptions) =>
      changeInstallation(target, plugin, { enabled: true }, options, "Enabled"),
    );
  withExamples(command, "enable shop/web log-collector", "enable shop/web log-collector --dry-run");
}
