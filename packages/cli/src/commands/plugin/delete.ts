import { parseReference } from "@outrigger/plugin";
import type { Command } from "commander";
import { connectTeam } from "../../connect.ts";
import { type TeamOptions, withExamples, withTeam } from "../../options.ts";
import { say } from "../../output/print.ts";

export function define(command: Command): void {
  withTeam(command)
    .description("Deletes one version of a plug-in, or the plug-in with all versions. Refused while it is installed anywhere.")
    .argument("<plugin>", "NAME@VERSION, or NAME for all of it")
    .action(remove);
  withExamples(command, "plugin delete log-collector@0.9.0", "plugin delete log-collector");
}

async function remove(plugin: string, options: TeamOptions): Promise<void> {
  const api = connectTeam(options);
  const { name, version } = parseReference(plugin);
  await (version === undefined ? api.deletePlugin(name) : api.deleteVersion(name, version));
  say(`Deleted ${plugin}.`);
}
