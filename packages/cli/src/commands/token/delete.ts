import type { Command } from "commander";
import { connectServer } from "../../connect.ts";
import { type ConnectionOptions, withConnection, withExamples } from "../../options.ts";
import { say } from "../../output/print.ts";

export function define(command: Command): void {
  withConnection(command)
    .description("Withdraws a token: it is refused from now on.")
    .argument("<id>", "its id, from `outrigger token list`")
    .action(async (id: string, options: ConnectionOptions) => {
      await connectServer(options).deleteToken(id);
      say(`Withdrew the token ${id}.`);
    });
  withExamples(command, "token delete t-4f2a");
}
