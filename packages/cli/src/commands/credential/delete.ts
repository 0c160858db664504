import type { Command } from "commander";
import { connectTeam } from "../../connect.ts";
import { type TeamOptions, withExamples, withTeam } from "../../options.ts";
import { say } from "../../output/print.ts";

export function define(command: Command): void {
  withTeam(command)
    .description("Deletes a credential.")
    .argument("<name>", "its name")
    .action(async (name: string, options: TeamOptions) => {
      await connectTeam(options).deleteCredential(name);
      say(`Deleted the credential ${name}.`);
    });
  withExamples(command, "credential delete internal");
}
