import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { withExamples } from "../../../options.ts";
import { pluginSources } from "../../../packages/plugin-sources.ts";
import { type RegistryFlags, withRegistry } from "../../../packages/registry-options.ts";

export function define(command: Command): void {
  withRegistry(withVerb(command))
    .argument("<folder>", "the folder of the other version, newer or older; or the name of its package")
    .description(
      "Puts another version in a plug-in's place. It takes over once it runs; requests under way end on the old one. Where it asks for more than is granted, nothing changes.",
    )
    .action(upgrade);
  withExamples(command, "engine plugins upgrade ./labeler-2", "engine plugins upgrade ./labeler-2 --dry-run");
}

async function upgrade(folder: string, options: VerbOptions & RegistryFlags): Promise<void> {
  const { manifestOf } = await import("@outrigger/engine");
  await using sources = await pluginSources(folder, options);
  const source = sources.folder;
  const { name, version } = (await manifestOf(source)).metadata;
  await changePlugins(options, (host, dryRun) => host.upgrade("engine", name, version, dryRun), source);
}
