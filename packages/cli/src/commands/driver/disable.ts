import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

interface DisableOptions extends ApiOptions {
  readonly force?: true;
}

export function define(command: Command): void {
  withApi(command)
    .argument("<name>", "its name or id")
    .option("--force", "also while engines use it: their containers lose what they hold")
    .description("Disables a driver: it ends, and engines are told so. It keeps its settings and what it has stored.")
    .action(disable);
  withExamples(command, "driver disable dir-volume:1.0.0", "driver disable dir-volume:1.0.0 --force");
}

async function disable(name: string, options: DisableOptions): Promise<void> {
  await (await openApi(options)).disable(name, options.force === true);
  say(`${name} is disabled.`);
}
