import type { Command } from "commander";
import { type EngineFolders, engineFolders, withEngineFolders } from "../../../engine/engine-options.ts";
import { pluginStatuses } from "../../../engine/statuses.ts";
import { type OutputOptions, withExamples, withOutput } from "../../../options.ts";
import { print } from "../../../output/print.ts";
import { formatFields } from "../../../output/table.ts";

export function define(command: Command): void {
  withOutput(withEngineFolders(command))
    .argument("<plugin>", "its name")
    .description("Shows how a plug-in fares, what it asks for, what it is granted and where it stands.")
    .action(inspect);
  withExamples(command, "engine plugins inspect labeler", "engine plugins inspect labeler -o yaml");
}

async function inspect(plugin: string, options: EngineFolders & OutputOptions): Promise<void> {
  const { askedPrivileges, createEnginePluginHost } = await import("@outrigger/engine");
  const folders = await engineFolders(options);
  const { manifest, setting, folder } = await createEnginePluginHost({ folder: folders.plugins, state: folders.state }).installed(plugin);
  const status = (await pluginStatuses(folders)).plugins.find((each) => each.plugin === plugin);
  const body = manifest?.spec.engine;
  const about = {
    ...status,
    plugin,
    folder,
    asks: manifest === undefined ? [] : askedPrivileges(manifest),
    grants: setting?.grants ?? [],
    priority: setting?.priority ?? body?.priority,
    before: setting?.before ?? body?.before ?? [],
    after: setting?.after ?? body?.after ?? [],
  };
  await print(options.output, about, () =>
    formatFields(
      Object.entries(about).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(", ") : value === undefined ? undefined : String(value),
      ]),
    ),
  );
}
