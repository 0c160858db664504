import type { Command } from "commander";
import { type EngineFolders, engineFolders, withEngineFolders } from "../../../engine/engine-options.ts";
import { withExamples } from "../../../options.ts";

export function define(command: Command): void {
  withEngineFolders(command)
    .argument("<plugin>", "its name")
    .description("Prints what a plug-in and its helpers have written, the oldest first. The gateway keeps the last 1 to 2 MiB.")
    .action(logs);
  withExamples(command, "engine plugins logs labeler", "engine plugins logs labeler | tail -n 20");
}

async function logs(plugin: string, options: EngineFolders): Promise<void> {
  const { createEnginePluginHost } = await import("@outrigger/engine");
  const { plugins, state } = await engineFolders(options);
  const host = createEnginePluginHost({ folder: plugins, state });
  await host.installed(plugin);
  for await (const line of host.logs("engine", plugin, new AbortController().signal)) process.stdout.write(`${line}\n`);
}
