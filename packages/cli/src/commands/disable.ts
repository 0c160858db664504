import type { Command } from "commander";
import { type ChangeOptions, changeInstallation, withInstallation } from "../installing/change.ts";
import { withExamples } from "../options.ts";

export function define(command: Command): void {
  withInstallation(command)
    .description("Switches an installation off. It keeps every setting.")
    .action((target: string, plugin: string, options: ChangeOptions) =>
      changeInstallation(target, plugin, { enabled: false }, options, "Disabled"),
    );
  withExamples(command, "disable shop/web log-collector", "disable shop/web log-collector --dry-run");
}
