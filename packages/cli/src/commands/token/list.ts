import type { Command } from "commander";
import { connectServer } from "../../connect.ts";
import { type ConnectionOptions, type OutputOptions, withConnection, withExamples, withOutput } from "../../options.ts";
import { print } from "../../output/print.ts";
import { ageOf, formatTable } from "../../output/table.ts";

export function define(command: Command): void {
  withOutput(withConnection(command)).description("Lists tokens and their roles, without their texts.").action(list);
  withExamples(command, "token list", "token list -o json");
}

async function list(options: ConnectionOptions & OutputOptions): Promise<void> {
  const tokens = await connectServer(options).tokens();
  await print(options.output, tokens, () =>
    formatTable(
      [
        { title: "id", cell: ({ id }) => id },
        { title: "description", cell: ({ description }) => description },
        {
          title: "roles",
          cell: ({ admin, roles }) =>
            admin
              ? "admin of everything"
              : Object.entries(roles)
                  .map((role) => role.join("="))
                  .join(", "),
        },
        { title: "age", cell: ({ createdAt }) => ageOf(createdAt) },
      ],
      tokens,
    ),
  );
}
