import type { Command } from "commander";
import { connectServer } from "../../connect.ts";
import { type ConnectionOptions, type OutputOptions, withConnection, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";
import { ageOf, formatTable } from "../../output/table.ts";

export function define(command: Command): void {
  withOutput(withConnection(command)).description("Lists the teams in which the token has a role.").action(list);
  withExamples(command, "team list", "team list -o yaml");
}

async function list(options: ConnectionOptions & OutputOptions): Promise<void> {
  const teams = await connectServer(options).teams();
  await print(options.output, teams, () =>
    formatTable(
      [
        { title: "team", cell: ({ name }) => name },
        { title: "allowed privileges", cell: ({ allow }) => allow.join(", ") },
        { title: "age", cell: ({ createdAt }) => ageOf(createdAt) },
      ],
      teams,
    ),
  );
}
