import type { Command } from "commander";
import { connectServer } from "../../connect.ts";
import { type ConnectionOptions, withConnection, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

export function define(command: Command): void {
  withConnection(command)
    .description("Deletes a team that holds no application.")
    .argument("<name>", "its name")
    .action(async (name: string, options: ConnectionOptions) => {
      await connectServer(options).deleteTeam(name);
      say(`Deleted the team ${name}.`);
    });
  withExamples(command, "team delete blue");
}
