import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface RemoveOptions extends ApiOptions {
  readonly force?: true;
}

export function define(command: Command): void {
  withApi(command)
    .argument("<name>", "its name or id")
    .option("--force", "also while it is enabled or in use")
    .description("Removes a driver with its settings and everything that it has stored in its own files and under its propagated mount.")
    .action(remove);
  withExamples(command, "driver rm dir-volume:1.0.0", "driver rm dir-volume:1.0.0 --force");
}

async function remove(name: string, options: RemoveOptions): Promise<void> {
  await (await openApi(options)).remove(name, options.force === true);
  say(`${name} is removed.`);
}
