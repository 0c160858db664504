import type { Command } from "commander";
import { type EngineFolders, engineFolders, withEngineFolders } from "../../../engine/engine-options.ts";
import { pluginStatuses } from "../../../engine/statuses.ts";
import { type OutputOptions, withExamples, withOutput } from "../../../options.ts";
import { print, say } from "../../../output/print.ts";
import { formatTable } from "../../../output/table.ts";

export function define(command: Command): void {
  withOutput(withEngineFolders(command))
    .description("Lists the plug-ins of the folder: as the gateway runs them, or as they are installed where none runs.")
    .action(list);
  withExamples(command, "engine plugins list", "engine plugins", "engine plugins list -o json --plugins ./plugins");
}

async function list(options: EngineFolders & OutputOptions): Promise<void> {
  const { plugins, reload } = await pluginStatuses(await engineFolders(options));
  await print(options.output, plugins, () =>
    formatTable(
      [
        { title: "plugin", cell: ({ plugin }) => plugin },
        { title: "version", cell: ({ version }) => version },
        { title: "state", cell: ({ state }) => state },
        { title: "isolation", cell: ({ isolation }) => isolation ?? "" },
        { title: "hooks", cell: ({ hooks }) => hooks?.join(", ") ?? "" },
        {
          title: "reason",
          cell: ({ reason, failures }) => (reason === undefined ? "" : failures > 0 ? `${reason} (${failures} times)` : reason),
        },
      ],
      plugins,
    ),
  );
  if (reload === undefined) say("No gateway runs with this folder's state.");
  else if (!reload.ok) say(`The folder has changed, but the gateway goes on with what ran before: ${reload.message ?? ""}`);
}
