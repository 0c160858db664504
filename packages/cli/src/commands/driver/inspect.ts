import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { type OutputOptions, withExamples, withOutput } from "../../options.ts";
import { print, toYaml } from "../../output/print.ts";

export function define(command: Command): void {
  withOutput(withApi(command))
    .argument("<name>", "its name or id")
    .description("Shows a driver in full: its configuration, settings, state, and the version before. Secrets are not shown.")
    .action(async (name: string, options: ApiOptions & OutputOptions) => {
      const plugin = await (await openApi(options)).inspect(name);
      const text = await toYaml(plugin);
      await print(options.output, plugin, () => text);
    });
  withExamples(command, "driver inspect dir-volume:1.0.0", "driver inspect dir-volume:1.0.0 -o json");
}
