import type { Command } from "commander";
import { connectTeam } from "../../connect.ts";
import { cliErrors } from "../../errors.ts";
import { type TeamOptions, withExamples, withTeam } from "../../options.ts";
import { say } from "../../output/print.ts";
import { localPluginAt } from "../../plugin-folder.ts";

export function define(command: Command): void {
  withTeam(command)
    .description("Puts a plugin.yaml on the server as a draft, or changes the draft. `outrigger plugin build` does this too, and builds.")
    .argument("[folder]", "the plug-in's folder or plugin.yaml", ".")
    .action(create);
  withExamples(command, "plugin create", "plugin create plugins/log-shipper --team blue");
}

async function create(folder: string, options: TeamOptions): Promise<void> {
  const plugin = localPluginAt(folder);
  if (plugin === undefined) throw cliErrors["file-unreadable"]({ file: folder, reason: "it does not exist" });
  const { name, version } = plugin.manifest.metadata;
  await connectTeam(options).createVersion(plugin.manifest);
  say(`${name}@${version} is on the server as a draft. Next: outrigger plugin build ${folder}`);
}
