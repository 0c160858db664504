import { parseReference, type StoredValues } from "@outrigger/plugin";
import type { Command } from "commander";
import { connectTeam, type TeamConnection } from "../connect.ts";
import { resourcesOf, type ValueOptions, withValues } from "../installing/value-options.ts";
import { readValues } from "../installing/values.ts";
import { newestBuilt } from "../newest-built.ts";
import { parseTarget, withExamples } from "../options.ts";
import { print } from "../output/print.ts";
import { planText } from "../output/show-application.ts";
import { secretReader } from "../read-secret.ts";

interface InstallOptions extends ValueOptions {
  readonly disabled?: true;
}

export function define(command: Command): void {
  withValues(command)
    .description("Installs a built plug-in on a component. Conflicts and wrong values are explained before anything changes.")
    .option("--disabled", "install it switched off")
    .action(install);
  withExamples(
    command,
    "install shop/web log-collector@1.0.0 --set sink.SINK_HOST=logs --set sink.TAGS=pod,node",
    "install shop/web rate-limit --set limits.8080.RATE=100 --dry-run",
    "install shop/web shipper --secret sink.TOKEN < token.txt",
  );
}

async function install(target: string, plugin: string, options: InstallOptions): Promise<void> {
  const api = connectTeam(options);
  const place = parseTarget(target);
  const { name, version = await chooseVersion(api, plugin) } = parseReference(plugin);
  const request = {
    plugin: name,
    ...(version === undefined ? {} : { version }),
    values: await valuesFor(api, name, version, options),
    enabled: options.disabled !== true,
    ...resourcesOf(options),
  };
  if (options.dryRun === true) {
    const plan = await api.planInstall(place, request);
    return print(options.output, plan, () => planText(plan));
  }
  const installation = await api.install(place, request);
  await print(options.output, installation, () => `Installed ${installation.plugin}@${installation.version} on ${target}.`);
}

/** Undefined when none is built: the server says so with what there is. */
async function chooseVersion(api: TeamConnection, plugin: string): Promise<string | undefined> {
  return newestBuilt(await api.plugin(plugin));
}

async function valuesFor(api: TeamConnection, name: string, version: string | undefined, options: InstallOptions): Promise<StoredValues> {
  const config = version === undefined ? [] : (await api.version(name, version)).config;
  return (await readValues(name, config, options, secretReader())) as StoredValues;
}
