import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { cliErrors } from "../errors.ts";
import { type TeamOptions, wholeNumber, withExamples, withTeam } from "../options.ts";
import { say } from "../output/print.ts";
import { readApplicationFile } from "../project/project.ts";
import { unlessMissing } from "../project/remote-plugins.ts";
import { teamOf } from "../team-option.ts";

interface DownOptions extends TeamOptions {
  readonly file: string;
  readonly volumes?: true;
  readonly timeout: number;
}

export function define(command: Command): void {
  withTeam(command)
    .description(
      "Removes an application with its containers and networks, and waits until it is gone. Named volumes and built images stay unless --volumes is given.",
    )
    .argument("[application]", "its name (default: the one of --file)")
    .option("-f, --file <file>", "the application's file", "app.yaml")
    .option("--volumes", "remove its named volumes too, with what is in them, and the images built for it")
    .option("--timeout <seconds>", "how long to wait until it is gone", wholeNumber(1), 120)
    .action((name: string | undefined, options: DownOptions) => down(name, options, command));
  withExamples(command, "down", "down shop", "down -f shop/app.yaml --volumes");
}

async function down(name: string | undefined, options: DownOptions, command: Command): Promise<void> {
  const file = name === undefined ? readApplicationFile(options.file) : undefined;
  const given = teamOf(command, options);
  const api = connectTeam({ ...options, team: given.given ? given.name : (file?.team ?? given.name) });
  const application = name ?? file?.application.metadata.name ?? "";
  const removal = api.deleteApplication(application, options.volumes === true).then(() => true);
  // Named by hand it must be there, so that a misspelt name is told; named by a file it may be gone already.
  if (name !== undefined) await removal;
  else if ((await unlessMissing(removal)) === undefined) return say(`${application} is not there.`);
  const end = Date.now() + options.timeout * 1000;
  while ((await unlessMissing(api.application(application))) !== undefined) {
    if (Date.now() > end) throw cliErrors["removal-late"]({ application, seconds: options.timeout });
    await sleep(20);
  }
  say(`Removed ${application}${options.volumes === true ? " and its volumes" : ""}.`);
}
