import type { Command } from "commander";
import { connectTeam } from "../connect.ts";
import { type OutputOptions, type TeamOptions, withExamples, withOutput, withTeam } from "../options.ts";
import { print } from "../output/print.ts";
import { planText } from "../output/show-application.ts";
import { placingProblems } from "../project/place-problems.ts";
import { prepareProject, toRequest } from "../project/prepare.ts";
import { teamOf } from "../team-option.ts";

interface PlanOptions extends TeamOptions, OutputOptions {
  readonly file: string;
}

export function define(command: Command): void {
  withOutput(withTeam(command))
    .description("Says what applying app.yaml would change, and why. Changes nothing.")
    .option("-f, --file <file>", "the application", "app.yaml")
    .action((options: PlanOptions) => plan(options, command));
  withExamples(command, "plan", "plan -f app.yaml -o json");
}

async function plan(options: PlanOptions, command: Command): Promise<void> {
  const prepared = prepareProject(options.file, teamOf(command, options));
  const api = connectTeam({ ...options, team: prepared.team });
  const request = await toRequest(prepared, api);
  const result = await placingProblems(prepared.project, api.planApplication(prepared.application.metadata.name, request));
  await print(options.output, result, () => planText(result));
}
