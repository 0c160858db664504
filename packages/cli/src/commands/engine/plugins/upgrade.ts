import { resolve } from "node:path";
import type { Command } from "commander";
import { changePlugins, type VerbOptions, withVerb } from "../../../engine/change-plugins.ts";
import { withExamples } from "../../../options.ts";

export function define(command: Command): void {
  withVerb(command)
    .argument("<folder>", "the folder of the other version, newer or older")
    .description(
      "Puts another version in a plug-in's place. It takes over once it runs; requests under way end on the old one. Where it asks for more than is granted, nothing changes.",
    )
    .action(upgrade);
  withExamples(command, "engine plugins upgrade ./labeler-2", "engine plugins upgrade ./labeler-2 --dry-run");
}

async function upgrade(folder: string, options: VerbOptions): Promise<void> {
  const { manifestOf } = await import("@outrigger/engine");
  const source = resolve(folder);
  const { name, version } = (await manifestOf(source)).metadata;
  await changePlugins(options, (host, dryRun) => host.upgrade("engine", name, version, dryRun), source);
}
