import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { type TeamOptions, withExamples, withTeam } from "../options.ts";
import { say } from "../output/print.ts";
import { placingProblems } from "../project/place-problems.ts";
import { prepareProject, toRequest } from "../project/prepare.ts";
import { teamOf } from "../team-option.ts";

interface ApplyOptions extends TeamOptions {
  readonly file: string;
}

export function define(command: Command): void {
  withTeam(command)
    .description(
      "Sends app.yaml to the server, which makes it so. Neither builds nor waits: every plug-in and image must be built (see `outrigger up`).",
    )
    .option("-f, --file <file>", "the application", "app.yaml")
    .action((options: ApplyOptions) => apply(options, command));
  withExamples(command, "apply -f app.yaml", "apply -f app.yaml --server https://outrigger.internal --token-file token");
}

async function apply(options: ApplyOptions, command: Command): Promise<void> {
  const prepared = prepareProject(options.file, teamOf(command, options));
  const api = connectTeam({ ...options, team: prepared.team });
  const { name } = prepared.application.metadata;
  await placingProblems(prepared.project, api.putApplication(name, await toRequest(prepared, api)));
  say(`Applied ${name}. \`outrigger get components ${name}\` shows how it fares.`);
}
