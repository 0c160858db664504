import type { Command } from "commander";
import { type ApiOptions, openApi, withApi } from "../../driver/api-options.ts";
import { collect, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";
import { withSecrets } from "./install.ts";

interface SetOptions extends ApiOptions {
  readonly secret?: readonly string[];
}

export function define(command: Command): void {
  withApi(command)
    .argument("<name>", "its name or id")
    .argument("[settings...]", "NAME=VALUE or NAME.FIELD=VALUE")
    .option("--secret <setting>", "a setting that is typed without echo or read from the input; can be given several times", collect)
    .description("Changes a driver's settings while it is disabled: all that are given, or with a mistake in one of them none.")
    .action(set);
  withExamples(
    command,
    "driver set dir-volume:1.0.0 SIZE=10 data.source=/srv/data",
    "driver set s3-log:1.0.0 --secret SECRET_KEY < key.txt",
  );
}

async function set(name: string, settings: readonly string[], options: SetOptions): Promise<void> {
  await (await openApi(options)).set(name, await withSecrets(settings, options.secret ?? []));
  say(`${name} is set.`);
}
