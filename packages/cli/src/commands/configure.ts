import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { changeInstallation } from "../installing/change.ts";
import { resourcesOf, type ValueOptions, withValues } from "../installing/value-options.ts";
import { readValues } from "../installing/values.ts";
import { collect, parseTarget, wholeNumber, withExamples } from "../options.ts";
import { secretReader } from "../read-secret.ts";

interface ConfigureOptions extends ValueOptions {
  readonly rollback?: number;
}

export function define(command: Command): void {
  withValues(command)
    .description("Changes the values, memory or CPU of an installation. What is not named stays as it is.")
    .option("--rollback <revision>", "set all values as they were in this revision; `outrigger get revisions` lists them", wholeNumber(1))
    .option("--unset <group.item>", "take a value away, so that the default counts; can be given several times", collect)
    .action(configure);
  withExamples(
    command,
    "configure shop/web log-collector --set sink.FORMAT=json --unset sink.TAGS",
    "configure shop/web log-collector --file values.yaml --dry-run",
    "configure shop/web shipper --secret sink.TOKEN",
    "configure shop/web ingress-gateway --rollback 3",
  );
}

async function configure(target: string, plugin: string, options: ConfigureOptions): Promise<void> {
  const { rollback } = options;
  if (rollback !== undefined) return changeInstallation(target, plugin, { rollback, ...resourcesOf(options) }, options, "Rolled back");
  const api = connectTeam(options);
  const { version } = await api.installation(parseTarget(target), plugin);
  const { config } = await api.version(plugin, version);
  const values = await readValues(plugin, config, options, secretReader());
  await changeInstallation(target, plugin, { values, ...resourcesOf(options) }, options, "Configured");
}
