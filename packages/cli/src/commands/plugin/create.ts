import type { Command } from "commander";
import { connectTeam } from "../../connect.ts";
import { cliErrors } from "../../errors.ts";
import { type TeamOptions, withExamples, withTeam } from "../../options.ts";
import { say } from "../../output/print.ts";
import { pluginSources } from "../../packages/plugin-sources.ts";
import { type RegistryFlags, withRegistry } from "../../packages/registry-options.ts";
import { localPluginAt } from "../../plugin-folder.ts";

export function define(command: Command): void {
  withRegistry(withTeam(command))
    .description("Puts a plugin.yaml on the server as a draft, or changes the draft. `outrigger plugin build` does this too, and builds.")
    .argument("[folder]", "the plug-in's folder or plugin.yaml, or the name of its package", ".")
    .action(create);
  withExamples(command, "plugin create", "plugin create plugins/log-shipper --team blue", "plugin create log-collector:1.0.0");
}

async function create(folder: string, options: TeamOptions & RegistryFlags): Promise<void> {
  await using sources = await pluginSources(folder, options);
  const plugin = localPluginAt(sources.folder);
  if (plugin === undefined) throw cliErrors["file-unreadable"]({ file: folder, reason: "it does not exist" });
  const { name, version } = plugin.manifest.metadata;
  await connectTeam(options).createVersion(plugin.manifest);
  say(`${name}@${version} is on the server as a draft. Next: outrigger plugin build ${folder}`);
}
