import type { Command } from "commander";
import { connectTeam } from "../../connect.ts";
import { type OutputOptions, type TeamOptions, withExamples, withOutput, withTeam } from "../../options.ts";
import { paint, stateStyle } from "../../output/paint.ts";
import { print } from "../../output/print.ts";
import { ageOf, formatTable } from "../../output/table.ts";

export function define(command: Command): void {
  withOutput(withTeam(command))
    .description("Lists the versions of a plug-in, newest first.")
    .argument("<plugin>", "its name")
    .action(versions);
  withExamples(command, "plugin versions log-collector", "plugin versions log-collector -o json");
}

async function versions(plugin: string, options: TeamOptions & OutputOptions): Promise<void> {
  const list = await connectTeam(options).versions(plugin);
  await print(options.output, list, () =>
    formatTable(
      [
        { title: "version", cell: ({ version }) => version },
        { title: "state", cell: ({ state }) => paint(stateStyle(state), state) },
        { title: "digest", cell: ({ digest = "" }) => digest.replace("sha256:", "").slice(0, 12) },
        { title: "age", cell: ({ createdAt }) => ageOf(createdAt) },
      ],
      list,
    ),
  );
}
