import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { pluginTable } from "../../driver/plugin-rows.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";

export function define(command: Command): void {
  withOutput(withApi(command))
    .description("Lists drivers and how they fare: healthy, starting, failing with the reason and the next start, disabled.")
    .action(async (options: ApiOptions & OutputOptions) => {
      const plugins = await (await openApi(options)).list();
      await print(options.output, plugins, () => pluginTable(plugins));
    });
  withExamples(command, "driver ls", "driver ls -o json", "driver ls --engine unix:///var/run/docker.sock");
}
