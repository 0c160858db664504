import type { Command } from "commander";
import { connectTeam } from "../../connect.ts";
import { type OutputOptions, type TeamOptions, withExamples, withOutput, withTeam } from "../../options.ts";
import { print } from "../../output/print.ts";
import { ageOf, formatTable } from "../../output/table.ts";

export function define(command: Command): void {
  withOutput(withTeam(command)).description("Lists a team's credentials, without passwords.").action(list);
  withExamples(command, "credential list", "credential list --team blue -o json");
}

async function list(options: TeamOptions & OutputOptions): Promise<void> {
  const credentials = await connectTeam(options).credentials();
  await print(options.output, credentials, () =>
    formatTable(
      [
        { title: "credential", cell: ({ name }) => name },
        { title: "kind", cell: ({ kind }) => kind },
        { title: "host", cell: ({ host }) => host },
        { title: "user", cell: ({ username }) => username },
        { title: "changed", cell: ({ updatedAt }) => ageOf(updatedAt) },
      ],
      credentials,
    ),
  );
}
