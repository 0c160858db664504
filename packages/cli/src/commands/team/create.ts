import type { Command } from "commander";
import { connectServer } from "../../connect.ts";
import { type ConnectionOptions, withConnection, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

export function define(command: Command): void {
  withConnection(command)
    .description("Makes a team. Needs an admin token.")
    .argument("<name>", "its name")
    .action(async (name: string, options: ConnectionOptions) => {
      await connectServer(options).createTeam(name);
      say(`Made the team ${name}.`);
    });
  withExamples(command, "team create blue");
}
