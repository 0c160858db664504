import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { readValues } from "../../../installing/values.ts";
import { collect, withExamples } from "../../../options.ts";
import { say } from "../../../output/print.ts";
import { pluginSources } from "../../../packages/plugin-sources.ts";
import { type RegistryFlags, withRegistry } from "../../../packages/registry-options.ts";
import { secretReader } from "../../../read-secret.ts";

interface InstallOptions extends VerbOptions, RegistryFlags {
  readonly grant?: readonly string[];
  readonly set?: readonly string[];
  readonly secret?: readonly string[];
}

export function define(command: Command): void {
  withRegistry(withVerb(command))
    .argument("<folder>", "the plug-in's folder, with its plugin.yaml; or the name of its package")
    .option(
      "--grant <privilege>",
      "grant what the plug-in asks for, e.g. change:body.Labels.*; all grants everything; can be given several times",
      collect,
    )
    .option("--set <group.item=value>", "a value; can be given several times", collect)
    .option("--secret <group.item>", "a secret, typed without echo or read from the input; never an argument", collect)
    .description(
      "Copies a plug-in into the folder of plug-ins and switches it on. Without the grants that it asks for it says which they are, and changes nothing.",
    )
    .action(install);
  withExamples(
    command,
    "engine plugins install ./labeler --dry-run",
    "engine plugins install ./labeler --grant all",
    "engine plugins install registry.example/tools/labeler:1.0.0 --grant all",
    "engine plugins install ./policy --grant hook:container.preCreate --set rules.FILE=/etc/policy.yaml",
  );
}

async function install(folder: string, options: InstallOptions): Promise<void> {
  const { askedPrivileges, manifestOf } = await import("@outrigger/engine");
  await using sources = await pluginSources(folder, options);
  const source = sources.folder;
  const manifest = await manifestOf(source);
  const { name: plugin, version } = manifest.metadata;
  say(`${plugin}@${version} asks for: ${askedPrivileges(manifest).join(", ")}.`);
  const values = (await readValues(plugin, manifest.spec.config, options, secretReader())) as never;
  const request = { plugin, version, target: "engine", values, grants: options.grant ?? [] };
  await changePlugins(options, (host, dryRun) => host.install(request, dryRun), source);
}
