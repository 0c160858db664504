import type { ConfigValues } from "@outrigger/plugin";
import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { readValues } from "../../../installing/values.ts";
import { collect, withExamples } from "../../../options.ts";
import { secretReader } from "../../../read-secret.ts";

interface ConfigureOptions extends VerbOptions {
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
  readonly secret?: readonly string[];
}

export function define(command: Command): void {
  withVerb(command)
    .argument("<plugin>", "its name")
    .option("--set <group.item=value>", "a value; lists with commas; can be given several times", collect)
    .option("--unset <group.item>", "take a value away, so that the default counts", collect)
    .option("--secret <group.item>", "a secret, typed without echo or read from the input; never an argument", collect)
    .description("Changes a plug-in's settings while it runs. Values that are not named stay.")
    .action(configure);
  withExamples(
    command,
    "engine plugins configure env-to-limits --set limits.PREFIX=LIMIT_",
    "engine plugins configure env-to-limits --unset limits.PREFIX --dry-run",
  );
}

async function configure(plugin: string, options: ConfigureOptions): Promise<void> {
  const { mergePatch } = await import("@outrigger/sdk");
  await changePlugins(options, async (host, dryRun) => {
    const { manifest, setting } = await host.installed(plugin);
    const patch = await readValues(plugin, manifest?.spec.config ?? [], options, secretReader());
    return host.configure("engine", plugin, mergePatch(setting?.values ?? {}, patch) as ConfigValues, dryRun);
  });
}
