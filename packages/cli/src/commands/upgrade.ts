import { parseReference } from "@outrigger/plugin";
import type { Command } from "commander";
import { cliErrors } from "../errors.ts";
import { type ChangeOptions, changeInstallation, withInstallation } from "../installing/change.ts";
import { withExamples } from "../options.ts";

export function define(command: Command): void {
  withInstallation(command)
    .description(
      "Sets the version of an installation (NAME@VERSION), newer or older. Values that the new version does not fit are explained first.",
    )
    .action(upgrade);
  withExamples(command, "upgrade shop/web log-collector@1.1.0", "upgrade shop/web log-collector@1.1.0 --dry-run");
}

async function upgrade(target: string, plugin: string, options: ChangeOptions): Promise<void> {
  const { name, version } = parseReference(plugin);
  if (version === undefined) {
    throw cliErrors["option-invalid"]({ option: "PLUGIN", found: `"${plugin}"`, expected: "NAME@VERSION", command: "upgrade" });
  }
  await changeInstallation(target, name, { version }, options, "Set the version:");
}
